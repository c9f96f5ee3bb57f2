import { ApiError, isConflict } from "./client.ts";
import { Failure, type Outcome, messageOf, rfc3339 } from "../base/index.ts";
import type { Condition } from "./object.ts";

export interface Mark {
  readonly type: string;
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

const MESSAGE_MAX = 32_768;

/** The list with this condition set. lastTransitionTime moves only when the status does; the same list is returned when nothing changed. */
export function withCondition(conditions: readonly Condition[] | undefined, mark: Mark, now: number, generation: number | undefined): Condition[] {
  const held = conditions?.find((condition) => condition.type === mark.type);
  const next: Condition = {
    type: mark.type,
    status: mark.status,
    reason: mark.reason,
    message: mark.message.slice(0, MESSAGE_MAX),
    lastTransitionTime: held?.status === mark.status ? held.lastTransitionTime : rfc3339(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  if (!held) return [...(conditions ?? []), next];
  return (conditions ?? []).map((condition) => (condition.type === mark.type ? next : condition));
}

export function conditionOf(object: object, type: string): Condition | undefined {
  const { status } = object as { readonly status?: { readonly conditions?: readonly Condition[] } };
  return status?.conditions?.find((condition) => condition.type === type);
}

export const isTrue = (object: object, type: string): boolean => conditionOf(object, type)?.status === "True";

/** What a reconcile ended with. */
export type Ending = { readonly outcome: Outcome } | { readonly thrown: unknown };

/** What the shell does about it. */
export interface Verdict {
  readonly result: "settled" | "waiting" | "retryable" | "terminal" | "conflict" | "bug";
  /** Summary conditions to set; the ones of `clear` are removed. Undefined: conditions stay as they are. */
  readonly summary: { readonly set: readonly Mark[]; readonly clear: readonly string[] } | undefined;
  /** When to look again: never by itself, after a delay, at once, or with growing delays. */
  readonly next: { readonly kind: "on change" } | { readonly kind: "after"; readonly ms: number } | { readonly kind: "now" } | { readonly kind: "backoff" };
  readonly log: "error" | "info" | "debug";
}

const ready = (status: Condition["status"], reason: string, message: string): Mark => ({ type: "Ready", status, reason, message });
const reconciling = (reason: string, message: string): Mark => ({ type: "Reconciling", status: "True", reason, message });
const stalled = (reason: string, message: string): Mark => ({ type: "Stalled", status: "True", reason, message });

function nextOf(recheckAfter: number | undefined): Verdict["next"] {
  return recheckAfter === undefined ? { kind: "on change" } : { kind: "after", ms: recheckAfter };
}

function concludeFailure(thrown: unknown): Verdict {
  const message = messageOf(thrown);
  if (isConflict(thrown)) return { result: "conflict", summary: undefined, next: { kind: "now" }, log: "debug" };
  if (!(thrown instanceof Failure)) {
    const summary = { set: [ready("False", "InternalError", message), reconciling("InternalError", message)], clear: ["Stalled"] };
    return { result: "bug", summary, next: { kind: "backoff" }, log: "error" };
  }
  if (thrown.retry === "terminal" && !(thrown instanceof ApiError && thrown.code === 404)) {
    const summary = { set: [ready("False", thrown.reason, message), stalled(thrown.reason, message)], clear: ["Reconciling"] };
    return { result: "terminal", summary, next: { kind: "on change" }, log: "error" };
  }
  const summary = { set: [ready("False", thrown.reason, message), reconciling(thrown.reason, message)], clear: ["Stalled"] };
  return { result: "retryable", summary, next: { kind: "backoff" }, log: "error" };
}

/**
 * The one place that decides what a result means for conditions, queue and log. A 404 of the API is retryable whoever
 * threw it: what is absent now (a namespace, a kind) may appear.
 */
export function conclude(ending: Ending): Verdict {
  if ("thrown" in ending) return concludeFailure(ending.thrown);
  const { outcome } = ending;
  if (outcome.kind === "settled") {
    const summary = { set: [ready("True", "Succeeded", "")], clear: ["Reconciling", "Stalled"] };
    return { result: "settled", summary, next: nextOf(outcome.recheckAfter), log: "debug" };
  }
  const summary = { set: [ready("Unknown", outcome.reason, outcome.on), reconciling(outcome.reason, outcome.on)], clear: ["Stalled"] };
  return { result: "waiting", summary, next: nextOf(outcome.recheckAfter), log: "info" };
}
