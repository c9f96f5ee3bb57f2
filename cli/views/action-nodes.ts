import { formatDuration } from "../../base/index.ts";
import type { Run, TaskAction, Workflow } from "../../crds/index.ts";
import { readingOrder } from "./reading-order.ts";

/** One node of a run as people see it: an action that exists, or a node that has not started. */
export interface NodeRow {
  /** Path: `train`, `publish.ok`. */
  readonly path: string;
  readonly phase: string;
  readonly attempts: number;
  /** Milliseconds so far, or in all. */
  readonly durationMs: number | undefined;
  readonly items: { readonly done: number; readonly failed: number; readonly total: number } | undefined;
  readonly progress: string | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly action: TaskAction | undefined;
  /** True for a node that stands for a sub-workflow or has not been created yet. */
  readonly pending: boolean;
}

const ms = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

/** `now` undefined: where every printed line stands for good, a duration is shown once it is final. */
function durationOf(start: string | undefined, end: string | undefined, now: number | undefined): number | undefined {
  const from = ms(start);
  const to = ms(end) ?? now;
  return from === undefined || to === undefined ? undefined : Math.max(0, to - from);
}

function itemsOf({ spec, status }: TaskAction): NodeRow["items"] {
  const total = spec.map?.count;
  const { succeeded = 0, failed = 0 } = status?.items ?? {};
  return total === undefined ? undefined : { done: succeeded + failed, failed, total };
}

function errorOf({ status }: TaskAction): NodeRow["error"] {
  const { code, message = "" } = status?.errorState ?? {};
  return code ? { code, message } : undefined;
}

export function rowOfAction(action: TaskAction, now: number | undefined): NodeRow {
  const { spec, status } = action;
  return {
    path: spec.node ?? spec.actionName,
    phase: status?.phase ?? "Queued",
    attempts: status?.attempts ?? 0,
    durationMs: durationOf(status?.startTime, status?.endTime, now),
    items: itemsOf(action),
    progress: status?.progress,
    error: errorOf(action),
    action,
    pending: false,
  };
}

const waitingRow = (path: string, phase: string): NodeRow => ({
  path,
  phase,
  attempts: 0,
  durationMs: undefined,
  items: undefined,
  progress: undefined,
  error: undefined,
  action: undefined,
  pending: true,
});

/** What a node without an action is: it may still start; or all has succeeded without it. Undefined: nobody knows, or it never came to it. */
function phaseWithoutAction({ status }: Run, workflow: Workflow | undefined): string | undefined {
  if (status?.endTime === undefined) return "Waiting";
  // The workflow may have got other nodes since.
  const isSame = status.plan?.digest !== undefined && status.plan.digest === workflow?.status?.plan?.digest;
  return isSame && status.phase === "Succeeded" ? "Skipped" : undefined;
}

/**
 * The nodes of a run in the order in which its workflow reads: actions that exist, below an unfinished run the nodes that have not
 * started, below a successful one those that were skipped. Nested nodes follow their parent.
 */
export function nodeRows(run: Run, actions: readonly TaskAction[], workflow: Workflow | undefined, now: number | undefined): NodeRow[] {
  const byPath = new Map(actions.map((action) => [action.spec.node ?? action.spec.actionName, rowOfAction(action, now)]));
  const absent = phaseWithoutAction(run, workflow);
  const rows: NodeRow[] = [];
  const declared = readingOrder(workflow?.spec.nodes ?? {});
  for (const name of declared) {
    const own = byPath.get(name);
    const nested = [...byPath.values()].filter((row) => row.path.startsWith(`${name}.`));
    if (own) rows.push(own);
    else if (nested.length > 0) rows.push(parentRow(name, nested));
    else if (absent !== undefined) rows.push(waitingRow(name, absent));
    rows.push(...nested);
  }
  const shown = new Set(rows.map((row) => row.path));
  return [...rows, ...[...byPath.values()].filter((row) => !shown.has(row.path))];
}

function parentRow(path: string, nested: readonly NodeRow[]): NodeRow {
  const worst = ["Failed", "TimedOut", "Aborted", "Running", "Initializing", "Queued"].find((phase) => nested.some((row) => row.phase === phase));
  return { ...waitingRow(path, worst ?? "Succeeded"), pending: true };
}

/** `1.2s`, or nothing before the start. */
export function durationText(row: NodeRow): string {
  return row.durationMs === undefined ? "" : formatDuration(row.durationMs);
}
