import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT, UserError } from "../context.ts";
import { parseRunTarget } from "../find.ts";
import { findRun } from "../find-run.ts";
import { whyRun } from "../views/why.ts";
import { workflowOf } from "./tree.ts";

async function why(registry: Registry, connection: Connection, text: string): Promise<number> {
  const { deps } = registry;
  const target = parseRunTarget(text);
  const { run, actions } = await findRun(deps, connection, target.run);
  const lines = whyRun(run, actions, await workflowOf(connection, run), target.node, deps.clock.now());
  if (lines.length === 0) throw new UserError(`run ${target.run} has no node ${target.node}`, { exitCode: EXIT.notFound, hint: `flyteops tree ${target.run}` });
  deps.out.write(`${lines.join("\n")}\n`);
  return EXIT.ok;
}

export function registerWhy(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "why <run[/node]>", {
      summary: "say why a run or a node waits, was run again, or failed",
      examples: ["flyteops why penguins-first", "flyteops why penguins-first/train"],
    }),
  ).action(connected(registry, (connection, _options: ConnectOptions, text: string) => why(registry, connection, text)));
}
