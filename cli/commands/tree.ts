import { isFinished, type Run, type Workflow, WorkflowKind } from "../../crds/index.ts";
import { ignoreNotFound, type Stored } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import { type CliDeps, type Connection, EXIT } from "../context.ts";
import { parseRunTarget } from "../find.ts";
import { findRun } from "../find-run.ts";
import { observeRun } from "../observe-run.ts";
import { liveBlock } from "../views/live.ts";
import { paintFor } from "../views/paint.ts";
import { runTree } from "../views/run-tree.ts";
import type { ConnectOptions } from "../connect.ts";

interface TreeOptions extends ConnectOptions {
  readonly watch?: boolean;
  readonly failed?: boolean;
}

/** The Workflow a run names, as it is in the cluster now; undefined for a Run of a Task or when it is gone. */
export async function workflowOf(connection: Connection, run: Stored<Run>): Promise<Workflow | undefined> {
  if (!run.spec.workflow) return undefined;
  return connection.client.get<Workflow>(WorkflowKind, { namespace: run.metadata.namespace, name: run.spec.workflow }).catch(ignoreNotFound);
}

/** Shows a run's tree until the run has finished; on a terminal it is redrawn in place. Answers the exit code. */
export async function followTree(deps: CliDeps, connection: Connection, run: Stored<Run>, terminal = deps.out): Promise<number> {
  const workflow = await workflowOf(connection, run);
  const block = liveBlock(terminal);
  const paint = paintFor(terminal, deps.env);
  let last: Stored<Run> | undefined = run;
  await observeRun(deps, connection, run, { tick: terminal.isTty }, ({ run: now, actions }) => {
    last = now;
    if (!now) return "stop";
    // Without a terminal every line stands for good: durations that still move would repeat it.
    const at = terminal.isTty ? deps.clock.now() : undefined;
    block.show(runTree(now, actions, workflow, { now: at, paint }));
    return isFinished(now) ? "stop" : "go on";
  });
  block.done();
  return last?.status?.phase === "Succeeded" ? EXIT.ok : EXIT.failed;
}

async function showTree(registry: Registry, connection: Connection, options: TreeOptions, target: string): Promise<number> {
  const { deps } = registry;
  const { run, actions } = await findRun(deps, connection, parseRunTarget(target).run);
  if (options.watch && !isFinished(run)) {
    await followTree(deps, connection, run);
    return EXIT.ok;
  }
  const lines = runTree(run, actions, await workflowOf(connection, run), {
    now: deps.clock.now(),
    paint: paintFor(deps.out, deps.env),
    failedOnly: options.failed === true,
  });
  deps.out.write(lines.map((line) => `${line}\n`).join(""));
  return EXIT.ok;
}

export function registerTree(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "tree <run>", {
      summary: "show a run as a tree of its nodes, with phases, durations and attempts",
      examples: ["flyteops tree penguins-first", "flyteops tree penguins-first --watch", "flyteops tree penguins-first --failed"],
    }),
  )
    .option("-w, --watch", "keep showing it until the run has finished")
    .option("--failed", "only what failed, with the reasons")
    .action(connected(registry, (connection, options: TreeOptions, target: string) => showTree(registry, connection, options, target)));
}
