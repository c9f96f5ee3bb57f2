import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, sleep } from "../../base/index.ts";

/** The process that `postmaster.pid` names, if it is there and is a server of this directory. */
export async function runningPostmaster(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n", 1)[0]);
  return pid > 0 && (await isPostmaster(pid, data)) ? pid : undefined;
}

/** The process may be anything after a restart of the machine: its command line must name the directory. */
async function isPostmaster(pid: number, data: string): Promise<boolean> {
  if (!alive(pid)) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  return command === undefined ? process.platform !== "linux" : command.includes(data);
}

export function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

const PATIENCE_MS = 10_000;

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/** Asks the server of a directory to end at once (open transactions are rolled back) and waits until it has. */
export async function stopPostmaster(pid: number, data: string, clock: Clock): Promise<void> {
  signal(pid, "SIGINT");
  for (let waited = 0; waited < PATIENCE_MS; waited += 10) {
    if (!(await isPostmaster(pid, data))) return;
    await sleep(clock, 10);
  }
  signal(pid, "SIGQUIT");
}
