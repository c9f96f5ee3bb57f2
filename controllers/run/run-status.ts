import { formatDuration } from "../../base/index.ts";
import type { Run, RunPhase, RunStatus } from "../../crds/index.ts";
import type { Counts, RunError } from "../../engine/index.ts";
import type { ReconcileRun, Stored } from "../../kube/index.ts";
import { instant } from "./times.ts";

const MESSAGE_MAX = 8_192;
const CODE_MAX = 256;

export function statusError(error: RunError): NonNullable<RunStatus["error"]> {
  return { ...error, code: error.code.slice(0, CODE_MAX), message: error.message.slice(0, MESSAGE_MAX) };
}

/** `4/9`: what has ended well, or was not needed, of all that is known. */
function doneOf(counts: Counts): string {
  return `${counts.succeeded + counts.skipped}/${counts.total}`;
}

/** Counters as the status holds them; aborted nodes are neither failed nor waiting. */
export function showCounts(run: Stored<Run>, counts: Counts): void {
  const { total, succeeded, running, failed, skipped, cached, waiting } = counts;
  run.status = { ...run.status, counts: { total, succeeded, running, failed, skipped, cached, waiting }, done: doneOf(counts) };
}

function mark(pass: ReconcileRun, run: Stored<Run>, type: string, status: "True" | "False", reason: string, message = ""): void {
  const held = run.status?.conditions?.some((condition) => condition.type === type) ?? false;
  if (status === "True" || held) pass.mark(type, reason, message, status);
}

/** Conditions of a run on its way. `waiting` says what for; nothing means that it runs. */
export function showProgress(pass: ReconcileRun, run: Stored<Run>, phase: RunPhase, wait?: { readonly reason: string; readonly on: string }): void {
  const suspended = run.spec.suspend === true;
  run.status = { ...run.status, phase, ...(run.metadata.generation === undefined ? {} : { observedGeneration: run.metadata.generation }) };
  const message = wait ? `waits for ${wait.on}` : "";
  pass.mark("Ready", wait?.reason ?? phase, message, "Unknown");
  pass.mark("Reconciling", wait?.reason ?? phase, message);
  mark(pass, run, "Stalled", "False", phase);
  mark(pass, run, "Suspended", suspended ? "True" : "False", suspended ? "Suspended" : "Resumed", suspended ? "no new actions are started" : "");
}

/** Writes the end of a run: phase, times, conditions, one Event. Once ended it is never touched again. */
export function endRun(pass: ReconcileRun, run: Stored<Run>, phase: RunPhase, error?: RunError): void {
  const startTime = run.status?.startTime;
  const took = startTime === undefined ? 0 : pass.now - Date.parse(startTime);
  const { error: _known, ...status } = run.status ?? {};
  run.status = {
    ...status,
    phase,
    endTime: instant(pass.now),
    duration: formatDuration(took),
    ...(run.metadata.generation === undefined ? {} : { observedGeneration: run.metadata.generation }),
    ...(error ? { error: statusError(error) } : {}),
  };
  const good = phase === "Succeeded";
  const message = error
    ? `${error.node === undefined ? "" : `${error.node}: `}${error.message}`
    : phase === "Aborted"
      ? (run.spec.abortReason ?? (run.metadata.deletionTimestamp === undefined ? "aborted" : "the run was deleted"))
      : "";
  pass.mark("Ready", good ? phase : error?.code.replace(/[^A-Za-z0-9_]/g, "") || phase, message, good ? "True" : "False");
  mark(pass, run, "Reconciling", "False", phase);
  mark(pass, run, "Stalled", good ? "False" : "True", phase, good ? "" : message);
  pass.mark("Finished", phase, message);
  pass.event({ type: good ? "Normal" : "Warning", reason: phase, message: message || `after ${formatDuration(took)}` });
}
