import { LABEL } from "../../base/index.ts";
import { isFinished, type Run, RunKind, type TaskAction } from "../../crds/index.ts";
import { ignoreNotFound, Kinds, type KubeObject, type Stored } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT, UserError } from "../context.ts";
import { findObject, parseRunTarget, type RunTarget } from "../find.ts";
import { snapshotOf } from "../observe-run.ts";
import { streamLog } from "../stream-log.ts";
import { paintFor } from "../views/paint.ts";

interface LogsOptions extends ConnectOptions {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly container?: string;
  readonly grep?: string;
  readonly tail?: string;
  readonly timestamps?: boolean;
}

type Pod = KubeObject & { status?: { phase?: string } };

const label = (pod: Stored<Pod>, name: string) => pod.metadata.labels?.[name];

/** `train[3]`, or `train` where there are no items, with the attempt when there was more than one. */
function titleOf(pod: Stored<Pod>, several: boolean): string {
  const item = label(pod, LABEL.mapIndex);
  const attempt = Number(label(pod, LABEL.attempt) ?? 0);
  return `${label(pod, LABEL.node) ?? pod.metadata.name}${item === undefined ? "" : `[${item}]`}${several && attempt > 0 ? `#${attempt + 1}` : ""}`;
}

function podsOf(pods: readonly Stored<Pod>[], target: RunTarget, previous: boolean): Stored<Pod>[] {
  const chosen = pods.filter((pod) => {
    const node = label(pod, LABEL.node) ?? "";
    const nodeFits = target.node === undefined || node === target.node || node.startsWith(`${target.node}.`);
    return nodeFits && (target.item === undefined || Number(label(pod, LABEL.mapIndex)) === target.item);
  });
  const attempt = (pod: Stored<Pod>) => Number(label(pod, LABEL.attempt) ?? 0);
  const work = (pod: Stored<Pod>) => `${label(pod, LABEL.node)}[${label(pod, LABEL.mapIndex) ?? ""}]`;
  const newest = new Map<string, number>();
  for (const pod of chosen) newest.set(work(pod), Math.max(newest.get(work(pod)) ?? 0, attempt(pod)));
  return chosen.filter((pod) => attempt(pod) === (newest.get(work(pod)) ?? 0) - (previous ? 1 : 0));
}

async function printPod(registry: Registry, connection: Connection, options: LogsOptions, pod: Stored<Pod>, prefix: string): Promise<void> {
  const { deps } = registry;
  const pattern = options.grep === undefined ? undefined : compile(options.grep);
  await streamLog(connection, pod, {
    container: options.container ?? "main",
    follow: options.follow === true,
    timestamps: options.timestamps === true,
    tailLines: options.tail === undefined ? undefined : Number(options.tail),
    signal: deps.signal,
    line: (text) => {
      if (!pattern || pattern.test(text)) deps.out.write(`${prefix}${text}\n`);
    },
  });
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw new UserError(`--grep ${pattern}: not a regular expression`, { exitCode: EXIT.usage });
  }
}

async function listPods(connection: Connection, run: Stored<Run>): Promise<Stored<Pod>[]> {
  const found = await connection.client.list<Pod>(Kinds.Pod, { namespace: run.metadata.namespace, labelSelector: `${LABEL.runUid}=${run.metadata.uid}` });
  return found.items.sort((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1));
}

function nothingToShow(target: RunTarget, run: Stored<Run>, actions: readonly TaskAction[]): UserError {
  const nodes = actions.map((action) => action.spec.node);
  if (target.node !== undefined && !nodes.includes(target.node)) {
    return new UserError(`run ${run.metadata.name} has no node ${target.node} that has started`, {
      exitCode: EXIT.notFound,
      hint: nodes.length > 0 ? `started: ${nodes.join(", ")}` : `flyteops why ${run.metadata.name}`,
    });
  }
  const items = actions.find((action) => action.spec.node === target.node)?.spec.map?.count;
  if (target.item !== undefined && target.item >= (items ?? 0)) {
    const there = items === undefined ? "is no map" : items === 0 ? "has no items" : `has items 0 to ${items - 1}`;
    return new UserError(`${target.node}[${target.item}] is not there: node ${target.node} of run ${run.metadata.name} ${there}`, { exitCode: EXIT.notFound });
  }
  return new UserError(`no pod of run ${run.metadata.name} is there to read from`, { exitCode: EXIT.notFound, hint: `flyteops why ${run.metadata.name}` });
}

async function showLogs(registry: Registry, connection: Connection, options: LogsOptions, text: string): Promise<number> {
  const target = parseRunTarget(text);
  const run = await findObject<Run>(connection, RunKind, target.run);
  const pods = podsOf(await listPods(connection, run), target, options.previous === true);
  if (pods.length === 0 && options.follow && !isFinished(run)) return followFromStart(registry, connection, options, run, target);
  if (pods.length === 0) throw nothingToShow(target, run, (await snapshotOf(connection, run)).actions);
  const paint = paintFor(registry.deps.out, registry.deps.env);
  const prefix = (pod: Stored<Pod>) => (pods.length === 1 ? "" : `${paint.faint(`${titleOf(pod, options.previous === true)} |`)} `);
  if (options.follow) await Promise.all(pods.map((pod) => printPod(registry, connection, options, pod, prefix(pod))));
  else for (const pod of pods) await printPod(registry, connection, options, pod, prefix(pod));
  return EXIT.ok;
}

/** A run that has no pods yet: each pod is read from the moment it appears, until the run ends. */
async function followFromStart(registry: Registry, connection: Connection, options: LogsOptions, run: Stored<Run>, target: RunTarget): Promise<number> {
  const { observeRun } = await import("../observe-run.ts");
  const paint = paintFor(registry.deps.out, registry.deps.env);
  const reading = new Map<string, Promise<void>>();
  const lookAtPods = async () => {
    for (const pod of podsOf(await listPods(connection, run), target, false)) {
      if (reading.has(pod.metadata.uid)) continue;
      const read = printPod(registry, connection, options, pod, `${paint.faint(`${titleOf(pod, true)} |`)} `).catch(ignoreNotFound);
      reading.set(pod.metadata.uid, read);
    }
  };
  let looking = Promise.resolve();
  await observeRun(registry.deps, connection, run, { tick: false }, (snapshot) => {
    looking = looking.then(lookAtPods);
    return snapshot.run && !isFinished(snapshot.run) ? "go on" : "stop";
  });
  await looking;
  await Promise.all(reading.values());
  return EXIT.ok;
}

export function registerLogs(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "logs <run[/node]>", {
      summary: "print what the containers of a run wrote",
      examples: [
        "flyteops logs penguins-first",
        "flyteops logs penguins-first/train[3]",
        "flyteops logs penguins-first/train -f --grep accuracy",
        "flyteops logs penguins-first/split -c copilot-sidecar",
      ],
    }),
  )
    .option("-f, --follow", "go on until the containers end")
    .option("-p, --previous", "of the attempt before the last")
    .option("-c, --container <name>", "another container than the task's own (copilot-download, copilot-sidecar)")
    .option("--grep <pattern>", "only lines that match this regular expression")
    .option("--tail <lines>", "only the last lines")
    .option("--timestamps", "with the time of each line")
    .action(connected(registry, (connection, options: LogsOptions, text: string) => showLogs(registry, connection, options, text)));
}
