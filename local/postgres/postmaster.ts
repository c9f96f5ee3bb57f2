import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, sleep } from "../../base/index.ts";

/** The server that a data directory says is running on it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly socketDirectory: string;
}

/** What `postmaster.pid` says; undefined when there is no such file, or no such process. */
export async function runningPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const [pid = "", , , port = "", socketDirectory = ""] = text.split("\n").map((line) => line.trim());
  const number = Number(pid);
  if (!(number > 0) || !(await isPostmaster(number, data))) return undefined;
  return { pid: number, port: Number(port), socketDirectory };
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

/** Asks a server to end at once (open transactions are rolled back) and waits until it has. */
export async function stopPostmaster(pid: number, clock: Clock): Promise<void> {
  if (!alive(pid)) return;
  process.kill(pid, "SIGINT");
  for (let waited = 0; alive(pid) && waited < PATIENCE_MS; waited += 10) await sleep(clock, 10);
  if (alive(pid)) process.kill(pid, "SIGQUIT");
}
