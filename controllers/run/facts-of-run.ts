import { LABEL } from "../../base/index.ts";
import { ACTION_PHASES, type TaskAction } from "../../crds/index.ts";
import { type ActionFact, type ActionPhase, type Facts, type RunError, sliceAction } from "../../engine/index.ts";
import type { ObjectReader, Stored } from "../../kube/index.ts";
import type { RunContext } from "./context.ts";
import { SLICE_ANNOTATION } from "./task-action.ts";
import { durationOf } from "./times.ts";

/** Name of the index of TaskActions by the run that made them. */
export const BY_RUN = "run-uid";
/** Name of the index of TaskActions that have not ended, by namespace. */
export const ACTIVE = "active";

const ENDED: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Aborted", "TimedOut", "Skipped"]);

export const actionEnded = (action: TaskAction): boolean => ENDED.has(action.status?.phase ?? "");

/** The indexes that this controller reads by. */
export function indexActions(actions: { addIndex(index: string, valuesOf: (object: Stored<TaskAction>) => readonly string[]): void }): void {
  actions.addIndex(BY_RUN, ({ metadata }) => (metadata.labels?.[LABEL.runUid] ? [metadata.labels[LABEL.runUid]!] : []));
  actions.addIndex(ACTIVE, (action) => (actionEnded(action) ? [] : [action.metadata.namespace ?? ""]));
}

function sliceOf(action: Stored<TaskAction>): { readonly index: number; readonly count: number } {
  const [index, count] = (action.metadata.annotations?.[SLICE_ANNOTATION] ?? "0/1").split("/").map(Number);
  return { index: index ?? 0, count: count ?? 1 };
}

/** The path by which the engine knows an action: see `Instance.action`. */
function pathOf(action: Stored<TaskAction>): string {
  const base = action.spec.node.replace(/(^|\.)onFailure$/, "$1.on-failure");
  return sliceAction(base, sliceOf(action).index);
}

/** The actions of one run by path. */
export function actionsOf(reader: ObjectReader<TaskAction>, runUid: string): ReadonlyMap<string, Stored<TaskAction>> {
  return new Map(reader.byIndex(BY_RUN, runUid).map((action) => [pathOf(action), action]));
}

const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));

function factOf(action: Stored<TaskAction>): ActionFact {
  const { status } = action;
  const phase: ActionPhase = ACTION_PHASES.find((known) => known === status?.phase) ?? "Queued";
  const error = status?.errorState;
  const [startTime, endTime] = [time(status?.startTime), time(status?.endTime)];
  return {
    phase,
    slices: sliceOf(action).count,
    ...(error && phase !== "Succeeded" ? { error: { code: error.code || phase, kind: error.kind || "USER", message: error.message ?? "" } } : {}),
    ...(status?.cache === "Hit" ? { cached: true } : {}),
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
    ...(status?.attempts ? { attempt: status.attempts } : {}),
    ...(status?.items ? { items: { succeeded: status.items.succeeded, failed: status.items.failed } } : {}),
  };
}

export interface Circumstances {
  readonly now: number;
  /** How many more actions the namespace lets start; undefined: no limit. */
  readonly startBudget: number | undefined;
}

/** Everything that is known about a run, as the engine wants it. The run's own status is read for when it began and why it fails. */
export function factsOfRun({ run, spec, actions, memory }: RunContext, { now, startBudget }: Circumstances): Facts {
  const timeout = durationOf(spec.timeout);
  const error = run.status?.error as RunError | undefined;
  return {
    now,
    startTime: time(run.status?.startTime) ?? now,
    aborted: run.spec.desiredState === "Aborted",
    suspended: run.spec.suspend === true,
    actions: new Map([...actions].map(([path, action]) => [path, factOf(action)])),
    values: memory.answers,
    ...(spec.maxParallelism === undefined ? {} : { maxParallelism: spec.maxParallelism }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(startBudget === undefined ? {} : { startBudget }),
    ...(error ? { cause: { phase: error.code === "TimedOut" && error.node === undefined ? "TimedOut" : "Failed", error } } : {}),
  };
}
