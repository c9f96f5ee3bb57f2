import { formatDuration } from "../../base/index.ts";
import type { ActionPhase, TaskAction, TaskActionStatus } from "../../crds/index.ts";
import { type Mark, withCondition } from "../../kube/index.ts";
import type { AttemptError } from "../../plugins/index.ts";

const TERMINAL: readonly ActionPhase[] = ["Succeeded", "Failed", "Aborted", "TimedOut", "Skipped"];
const CODE_MAX = 256;
const MESSAGE_MAX = 8_192;
const HISTORY_MESSAGE_MAX = 1_024;
const HISTORY_MAX = 256;
const NOTE_MAX = 1_024;

export function isOver(phase: ActionPhase | undefined): boolean {
  return phase !== undefined && TERMINAL.includes(phase);
}

/** RFC 3339 with milliseconds: a backoff may be shorter than a second. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** The end of a text matters most: the last lines a program wrote. */
export function cutTo(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  return `…${bytes
    .subarray(bytes.length - max + 3)
    .toString("utf8")
    .replace(/^\uFFFD+/, "")}`;
}

const mark = (type: string, status: Mark["status"], reason: string, message = ""): Mark => ({ type, status, reason, message });

/** Conditions by phase: the summary ones (kstatus) and Flyte's. A type that is not named is removed. */
function conditionsFor(phase: ActionPhase, message: string, retrying: boolean): Mark[] {
  switch (phase) {
    case "Succeeded":
      return [mark("Ready", "True", "Completed"), mark("Progressing", "False", "Completed"), mark("Succeeded", "True", "Completed")];
    case "Skipped":
      return [mark("Ready", "True", "Skipped", message), mark("Progressing", "False", "Skipped", message)];
    case "Failed":
    case "Aborted":
    case "TimedOut": {
      const reason = phase === "Failed" ? "PermanentFailure" : phase;
      return [
        mark("Ready", "False", reason, message),
        mark("Stalled", "True", reason, message),
        mark("Progressing", "False", reason),
        mark("Failed", "True", reason, message),
      ];
    }
    default: {
      const flyte = retrying ? "RetryableFailure" : phase === "Running" ? "Executing" : phase === "Initializing" ? "Initializing" : "Queued";
      return [mark("Ready", "Unknown", phase, message), mark("Reconciling", "True", phase, message), mark("Progressing", "True", flyte, message)];
    }
  }
}

const SUMMARY_TYPES = new Set(["Ready", "Reconciling", "Stalled", "Progressing", "Succeeded", "Failed"]);

function setConditions(action: TaskAction, status: TaskActionStatus, marks: readonly Mark[], now: number): void {
  const generation = action.metadata.generation;
  const named = new Set(marks.map(({ type }) => type));
  let conditions = (status.conditions ?? []).filter(({ type }) => !SUMMARY_TYPES.has(type) || named.has(type));
  for (const each of marks) conditions = withCondition(conditions, each, now, generation) as typeof conditions;
  status.conditions = conditions;
  if (generation !== undefined) status.observedGeneration = generation;
}

function addHistory(status: TaskActionStatus, phase: string, message: string, now: number): void {
  const history = status.phaseHistory ?? [];
  if (history.at(-1)?.phase === phase) return;
  const entry = { phase, occurredAt: instant(now), ...(message === "" ? {} : { message: cutTo(message, HISTORY_MESSAGE_MAX) }) };
  status.phaseHistory = [...history, entry].slice(-HISTORY_MAX);
}

/** The status of an action, made when it has none yet. */
export function statusOf(action: TaskAction): TaskActionStatus {
  return (action.status ??= {});
}

/** Moves an action to a phase: phase, history, conditions, Flyte's stateJson. The same phase and message change nothing. */
export function enter(action: TaskAction, phase: ActionPhase, now: number, message = "", retrying = false): void {
  const status = statusOf(action);
  const moved = status.phase !== phase;
  status.phase = phase;
  addHistory(status, phase, message, now);
  setConditions(action, status, conditionsFor(phase, message, retrying), now);
  if (moved) status.stateJson = JSON.stringify({ phase, actionId: `${action.spec.runName}/${action.spec.actionName}`, timestamp: instant(now) });
}

export function addNotes(status: TaskActionStatus, notes: readonly string[]): void {
  const all = [...new Set([...(status.notes ?? []), ...notes.map((note) => cutTo(note, NOTE_MAX))])].slice(0, 64);
  if (all.length > 0) status.notes = all;
}

export function setError(status: TaskActionStatus, error: AttemptError): void {
  status.errorState = { code: cutTo(error.code, CODE_MAX), kind: error.kind, message: cutTo(error.message, MESSAGE_MAX) };
}

/** Ends an action for good. */
export function finish(action: TaskAction, phase: ActionPhase, now: number, error?: AttemptError): void {
  const status = statusOf(action);
  if (error) setError(status, error);
  else delete status.errorState;
  delete status.nextAttemptAt;
  enter(action, phase, now, error?.message.split("\n")[0] ?? "");
  status.endTime = instant(now);
  const since = Date.parse(status.startTime ?? action.metadata.creationTimestamp ?? status.endTime);
  status.duration = formatDuration(Math.max(0, now - since));
}
