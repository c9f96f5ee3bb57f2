import { LABEL, silentLogger } from "../base/index.ts";
import { type Run, RunKind, type TaskAction, TaskActionKind } from "../crds/index.ts";
import { informerSet, type Stored } from "../kube/index.ts";
import type { CliDeps, Connection } from "./context.ts";

/** A run and its actions at one moment. `run` is undefined when the Run is gone. */
export interface RunSnapshot {
  readonly run: Stored<Run> | undefined;
  readonly actions: readonly Stored<TaskAction>[];
}

/** How often a changing duration is redrawn on a terminal. */
const TICK_MS = 1_000;

/** The run and its actions as they are now. */
export async function snapshotOf(connection: Connection, run: Stored<Run>): Promise<RunSnapshot> {
  const namespace = run.metadata.namespace;
  const { items } = await connection.client.list<TaskAction>(TaskActionKind, { namespace, labelSelector: `${LABEL.runUid}=${run.metadata.uid}` });
  return { run, actions: items };
}

/**
 * Calls `seen` with every new state of a run, by watching, until `seen` answers "stop", the run is gone or the signal
 * aborts. `tick` also calls it once a second, for a display whose durations move.
 */
export async function observeRun(
  deps: CliDeps,
  connection: Connection,
  run: Stored<Run>,
  options: { readonly tick: boolean },
  seen: (snapshot: RunSnapshot) => "go on" | "stop",
): Promise<void> {
  const { namespace, name, uid } = run.metadata;
  const informers = informerSet({ client: connection.client, clock: deps.clock, random: deps.random, logger: silentLogger });
  const runs = informers.of<Run>({ kind: RunKind, namespace, fieldSelector: `metadata.name=${name}` });
  const actions = informers.of<TaskAction>({ kind: TaskActionKind, namespace, labelSelector: `${LABEL.runUid}=${uid}` });
  const ended = new AbortController();
  const signal = AbortSignal.any([deps.signal, ended.signal]);
  let cancelTick = () => {};
  const look = () => {
    if (signal.aborted || !runs.synced || !actions.synced) return;
    const found = runs.list().find((candidate) => candidate.metadata.uid === uid);
    if (seen({ run: found, actions: actions.list() }) === "stop" || !found) ended.abort();
  };
  const tick = () => {
    look();
    cancelTick = deps.clock.after(TICK_MS, tick);
  };
  runs.onChange(look);
  actions.onChange(look);
  const running = informers.run(signal);
  await Promise.all([runs.whenSynced(signal), actions.whenSynced(signal)]);
  look();
  if (options.tick && !signal.aborted) cancelTick = deps.clock.after(TICK_MS, tick);
  await running;
  cancelTick();
}
