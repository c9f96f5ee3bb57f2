import type { AttemptError, Budget } from "../../plugins/index.ts";
import { backoffDelay, type Policy, PLATFORM_BACKOFF } from "./policy.ts";

/** How often an action (or an item) has failed, by whose fault. */
export interface Failures {
  readonly user: number;
  readonly system: number;
  readonly preemption: number;
  /** Kills for memory that were answered with more memory: they draw on no budget. */
  readonly oom: number;
}

export const noFailures: Failures = { user: 0, system: 0, preemption: 0, oom: 0 };

export type NextStep =
  | { readonly kind: "retry"; readonly failures: Failures; readonly delayMs: number }
  | { readonly kind: "give up"; readonly failures: Failures; readonly phase: "Failed" | "TimedOut"; readonly error: AttemptError };

/** Counts drawn on by each budget. */
const COUNT = { user: "user", timeout: "user", system: "system", preemption: "preemption" } as const;

function giveUp(failures: Failures, budget: Budget, error: AttemptError, attempts: number): NextStep {
  const message = attempts > 1 ? `${error.message}\n(attempt ${attempts}, the last one)` : error.message;
  return { kind: "give up", failures, phase: budget === "timeout" ? "TimedOut" : "Failed", error: { ...error, message } };
}

/** After a failed attempt: run again, when, or give up. `attempts` counts this one. Pure. */
export function nextStep(
  policy: Policy,
  failures: Failures,
  failure: { readonly error: AttemptError; readonly budget: Budget; readonly grows: boolean },
  attempts: number,
): NextStep {
  const { budget, error } = failure;
  if (failure.grows) return { kind: "retry", failures: { ...failures, oom: failures.oom + 1 }, delayMs: 0 };
  if (budget === "none")
    return giveUp({ ...failures, ...(error.kind === "USER" ? { user: failures.user + 1 } : { system: failures.system + 1 }) }, budget, error, attempts);
  const count = COUNT[budget];
  const after = { ...failures, [count]: failures[count] + 1 };
  if (after[count] > policy.limits[count]) return giveUp(after, budget, error, attempts);
  return { kind: "retry", failures: after, delayMs: backoffDelay(count === "user" ? policy.backoff : PLATFORM_BACKOFF, after[count]) };
}
