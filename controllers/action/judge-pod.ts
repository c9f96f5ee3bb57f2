import { commitKey } from "../../blobs/index.ts";
import type { Stored } from "../../kube/index.ts";
import { canGrow, type PhaseReport } from "../../plugins/index.ts";
import { commitAttempt, resultKey, slotOf } from "./action-data.ts";
import { readResult } from "./attempt-result.ts";
import type { ActionDeps } from "./deps.ts";
import { judgeAttempt, type Judgement } from "./judge-attempt.ts";
import { lastOutput } from "./last-output.ts";
import type { AttemptOf, Work } from "./launch.ts";
import { type Failures, type NextStep, nextStep } from "./next-step.ts";

export type Over = Exclude<PhaseReport, { kind: "ongoing" }>;

/** An attempt whose pod is over, judged; a success is committed already. */
export type Judged =
  | { readonly kind: "succeeded"; readonly winner: number; readonly notes: readonly string[] }
  | { readonly kind: "skipped"; readonly message: string; readonly exitCode?: number }
  | { readonly kind: "failed"; readonly failure: Extract<Judgement, { kind: "failed" }>; readonly step: NextStep };

const startedAt = (pod: Stored): number =>
  Date.parse(String((pod["status"] as { startTime?: string } | undefined)?.startTime ?? pod.metadata.creationTimestamp ?? ""));

/** Moment at which this attempt's own time is up, undefined when it has no limit. Counted from the pod's start, as activeDeadlineSeconds is. */
export function attemptDeadline(work: Work, pod: Stored): number | undefined {
  return work.policy.timeoutMs === undefined ? undefined : startedAt(pod) + work.policy.timeoutMs;
}

/** What a pod says that was deleted, whether its node told of its end or not. */
const STOPPED: ReadonlySet<string> = new Set(["PodDeleted", "NodeLost"]);

/** A pod that we stopped because its time was up says that it was deleted, or nothing at all: the time is the reason. */
function withTimeout(report: Over, work: Work, pod: Stored, now: number): Over {
  const deadline = attemptDeadline(work, pod);
  if (report.kind !== "failed" || !STOPPED.has(report.error.code) || deadline === undefined || now < deadline) return report;
  return { ...report, budget: "timeout", error: { code: "Timeout", kind: "USER", message: "the attempt ran longer than its timeout" } };
}

/**
 * Judges a pod that is over: reads what was stored, and the last output when the program failed. A success competes for
 * the commit record; whoever wrote that first is the winner. Repeating this gives the same answer.
 */
export async function judgePod(
  deps: ActionDeps,
  work: Work,
  pod: Stored,
  said: Over,
  which: AttemptOf,
  failures: Failures,
  at: { now: number; signal: AbortSignal },
): Promise<Judged> {
  const slot = slotOf(work.action, deps.blobs, which.item);
  const report = withTimeout(said, work, pod, at.now);
  const result = report.kind === "exited" ? await readResult(deps.blobs, resultKey(slot, which.attempt)) : undefined;
  const wantsOutput = report.kind === "exited" && report.ran && report.exitCode !== 0 && !result?.error?.declared;
  const output = wantsOutput ? await lastOutput(deps, pod, at.signal) : "";
  const judgement = judgeAttempt(report, result, work.policy, output);
  if (judgement.kind === "succeeded") return { kind: "succeeded", winner: await commitAttempt(deps.blobs, slot, which.attempt), notes: judgement.notes };
  if (judgement.kind === "skipped") return judgement;
  return { kind: "failed", failure: judgement, step: stepAfter(work, judgement, which, failures) };
}

export function stepAfter(work: Work, failure: Extract<Judgement, { kind: "failed" }>, which: AttemptOf, failures: Failures): NextStep {
  const growth = work.policy.onOOM && { oomKills: which.oomKills, ...work.policy.onOOM };
  const grows = failure.oom && growth !== undefined && canGrow(work.recipe.container, work.quota, growth);
  return nextStep(work.policy, failures, { error: failure.error, budget: failure.budget, grows }, which.attempt + 1);
}

/** Has an attempt of this slot been committed already? Then nothing is run again, whatever became of its pod. */
export async function committedAttempt(deps: ActionDeps, work: Work, item?: number): Promise<number | undefined> {
  const slot = slotOf(work.action, deps.blobs, item);
  return (await deps.blobs.stat(commitKey(slot))) === undefined ? undefined : commitAttempt(deps.blobs, slot, -1);
}
