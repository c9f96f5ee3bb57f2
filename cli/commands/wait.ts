import { parseDuration } from "../../base/index.ts";
import { isFinished, type Run } from "../../crds/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT, UserError } from "../context.ts";
import { findRun } from "../find-run.ts";
import { observeRun } from "../observe-run.ts";

interface WaitOptions extends ConnectOptions {
  readonly timeout?: string;
}

async function waitForRun(registry: Registry, connection: Connection, options: WaitOptions, name: string): Promise<number> {
  const limit = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  if (options.timeout !== undefined && limit === undefined)
    throw new UserError(`--timeout ${options.timeout}: write it as 90s, 5m or 1h30m`, { exitCode: EXIT.usage });
  const { deps } = registry;
  const { run, archived } = await findRun(deps, connection, name);
  const late = new AbortController();
  const cancel = limit === undefined ? () => {} : deps.clock.after(limit, () => late.abort());
  let last: Run | undefined = run;
  if (!archived)
    await observeRun({ ...deps, signal: AbortSignal.any([deps.signal, late.signal]) }, connection, run, { tick: false }, (snapshot) => {
      last = snapshot.run;
      return last && !isFinished(last) ? "go on" : "stop";
    });
  cancel();
  if (!last) throw new UserError(`run ${name} was deleted`, { exitCode: EXIT.notFound });
  if (!isFinished(last)) {
    if (deps.signal.aborted) return EXIT.interrupted;
    throw new UserError(`run ${name} has not finished after ${options.timeout}: ${last.status?.phase ?? "Queued"}`, { hint: `flyteops why ${name}` });
  }
  deps.out.write(`run ${name}: ${last.status?.phase}\n`);
  return last.status?.phase === "Succeeded" ? EXIT.ok : EXIT.failed;
}

export function registerWait(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "wait <run>", {
      summary: "wait until a run has finished; exit code 0 when it succeeded, 1 when not",
      examples: ["flyteops wait penguins-x7 --timeout 10m"],
    }),
  )
    .option("--timeout <duration>", "give up after this long")
    .action(connected(registry, (connection, options: WaitOptions, name: string) => waitForRun(registry, connection, options, name)));
}
