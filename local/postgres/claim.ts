import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TerminalFailure } from "../../base/index.ts";
import { alive } from "./postmaster.ts";

/** A process, told apart from a later one with the same number by when it began (where the system says so). A dead one that nobody has buried is none. */
async function identityOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "" : `${pid} ${fields[19] ?? ""}`;
}

/**
 * Writes down that this process has the database in `root`. TerminalFailure when another living one has. The claim of a
 * process that was killed is void. Returns the way to give it up.
 */
export async function claim(root: string): Promise<() => Promise<void>> {
  const file = join(root, "owner");
  const text = await readFile(file, "utf8").catch(() => "");
  const pid = Number(text.split(" ", 1)[0]);
  if (pid > 0 && alive(pid) && (await identityOf(pid)) === text)
    throw new TerminalFailure("DatabaseInUse", `the database in ${root} is in use by process ${pid}`);
  await writeFile(file, await identityOf(process.pid), { mode: 0o600 });
  return () => rm(file, { force: true });
}
