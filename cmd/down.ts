import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { sleep } from "../base/index.ts";
import { type CliDeps, EXIT, UserError } from "../cli/index.ts";
import { holderOf, strangeEntries } from "./state-directory.ts";

/** Running work gets its grace period, the database its checkpoint. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;

async function stopHolder(deps: CliDeps, directory: string): Promise<boolean> {
  const holder = holderOf(directory);
  if (!holder) return false;
  process.kill(holder.pid, "SIGTERM");
  const giveUpAt = deps.clock.now() + PATIENCE_MS;
  while (holderOf(directory)) {
    if (deps.clock.now() > giveUpAt)
      throw new UserError(`flyteops (pid ${holder.pid}) does not stop`, { hint: `kill -9 ${holder.pid}   (nothing acknowledged is lost)` });
    await sleep(deps.clock, LOOK_MS, deps.signal);
    if (deps.signal.aborted) throw new UserError("interrupted; it is still stopping", { exitCode: EXIT.interrupted });
  }
  return true;
}

/** `flyteops down`: ends the process that holds the state directory; with `purge` deletes the directory, and nothing that is not one of ours. */
export async function down(deps: CliDeps, options: { readonly state: string; readonly purge?: boolean }): Promise<number> {
  const directory = resolve(deps.cwd, options.state);
  if (!existsSync(directory)) {
    deps.out.write(`nothing to stop: ${directory} does not exist\n`);
    return EXIT.ok;
  }
  const stopped = await stopHolder(deps, directory);
  deps.out.write(stopped ? "stopped\n" : `nothing runs on ${directory}\n`);
  if (!options.purge) return EXIT.ok;
  if (!existsSync(join(directory, "kubeconfig")) && !existsSync(join(directory, "postgres"))) {
    throw new UserError(`${directory} does not look like a state directory of flyteops: not deleted`, { exitCode: EXIT.usage });
  }
  const [strange] = strangeEntries(directory);
  if (strange !== undefined) {
    throw new UserError(`${directory} holds ${strange}, which is not of flyteops: nothing was deleted`, { exitCode: EXIT.usage });
  }
  rmSync(directory, { recursive: true, force: true });
  deps.out.write(`deleted ${directory}\n`);
  return EXIT.ok;
}
