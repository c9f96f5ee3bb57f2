import type { ContainerRunner } from "./container-runner.ts";
import type { Pod, PodCondition } from "./pod-shapes.ts";
import { isInitialised, isRunning, terminated } from "./pod-status.ts";

/** Until when a pod may take to stop, and why it failed if it did. */
export interface Ending {
  readonly deadlineMs: number;
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly conditions?: readonly PodCondition[];
}

/** A pod, its containers and this moment. */
export interface PodMoment {
  readonly pod: Pod;
  readonly inits: readonly ContainerRunner[];
  readonly mains: readonly ContainerRunner[];
  /** Milliseconds since the epoch, as `now`. */
  readonly startMs: number;
  readonly now: number;
}

const DEFAULT_GRACE_SECONDS = 30;

/** How long the pod's containers may take to stop. */
function graceMs({ spec }: Pod): number {
  return (spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
}

/** When `activeDeadlineSeconds` are over. */
export function activeDeadline({ spec }: Pod, startMs: number): number | undefined {
  return spec.activeDeadlineSeconds === undefined ? undefined : startMs + spec.activeDeadlineSeconds * 1000;
}

export function failedEnding({ pod, now }: Pick<PodMoment, "pod" | "now">, reason: string, message: string): Ending {
  return { deadlineMs: now + graceMs(pod), failure: { reason, message } };
}

/** The node puts the pod out: at once, and through no fault of its program. */
export function evictedEnding(now: number, message: string): Ending {
  const condition: PodCondition = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message };
  return { deadlineMs: now, failure: { reason: "Evicted", message }, conditions: [condition] };
}

/** An init container failed for good, or every main container has ended for good. */
function isDone({ pod, inits, mains }: PodMoment): boolean {
  const failedInit = inits.some(({ slot, wantsToRun }) => slot.role === "init" && terminated(slot) && !isInitialised(slot) && !wantsToRun(pod));
  return failedInit || mains.every(({ slot, wantsToRun }) => terminated(slot) && !wantsToRun(pod));
}

/** The ending that a pod has now, by the weightiest reason. One that it has already stays; deletion can only hurry it. */
export function endingOf(moment: PodMoment, present: Ending | undefined): Ending | undefined {
  const { pod, inits, mains, startMs, now } = moment;
  if (pod.metadata.deletionTimestamp !== undefined) {
    const grace = (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
    return { ...present, deadlineMs: Math.min(present?.deadlineMs ?? Number.POSITIVE_INFINITY, now + grace) };
  }
  if (present) return present;
  if (now >= (activeDeadline(pod, startMs) ?? Number.POSITIVE_INFINITY)) {
    return failedEnding(moment, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
  }
  const missing = [...inits, ...mains].find((each) => each.programMissing !== undefined);
  if (missing) return failedEnding(moment, "ProgramNotFound", missing.programMissing ?? "");
  return isDone(moment) ? { deadlineMs: now + graceMs(pod) } : undefined;
}

/** Stops what is to stop now: main containers first, then sidecars, the last started first; without time left everything at once. */
export function stopNext(running: readonly ContainerRunner[], leftMs: number): void {
  if (leftMs <= 0) for (const each of running) each.kill();
  const ordinary = running.filter(({ slot }) => slot.role !== "sidecar");
  const next = ordinary.length > 0 ? ordinary : running.slice(-1);
  for (const each of next) each.terminate(Math.max(0, leftMs));
}

export const runningOf = (containers: readonly ContainerRunner[]): readonly ContainerRunner[] => containers.filter(({ slot }) => isRunning(slot));
