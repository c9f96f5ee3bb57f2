import type { Stored } from "../../kube/index.ts";
import { isFinished, type Pod, type PodCondition } from "../kubelet/index.ts";

function readyCondition({ status }: Pod): PodCondition | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === "True";
export const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
/** Counts towards the replicas that are wanted. */
export const isActive = (pod: Pod): boolean => !isFinished(pod) && !isGoing(pod);

/** Milliseconds until a ready pod has been so for long enough; 0 when it has, undefined when it is not ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = readyCondition(pod);
  if (ready?.status !== "True") return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, Date.parse(ready.lastTransitionTime ?? "") + minReadySeconds * 1_000 - now);
}

const PHASES = ["Pending", "Unknown", "Running"];
const restarts = ({ status }: Pod): number => Math.max(0, ...(status?.containerStatuses ?? []).map((container) => Number(container.restartCount)));
const cost = ({ metadata }: Pod): number => Number(metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0) || 0;

/**
 * Pods in the order in which they are given up when there are too many: without a node, not running, not ready, cheap,
 * on a node with many of their kind, ready for a short time only, restarted often, young.
 */
export function byExpendability(pods: readonly Stored<Pod>[]): Stored<Pod>[] {
  const onNode = new Map<string, number>();
  for (const { spec } of pods) onNode.set(spec.nodeName ?? "", (onNode.get(spec.nodeName ?? "") ?? 0) + 1);
  const rank = (pod: Stored<Pod>): readonly number[] => [
    pod.spec.nodeName === undefined ? 0 : 1,
    PHASES.indexOf(pod.status?.phase ?? "Pending"),
    isReady(pod) ? 1 : 0,
    cost(pod),
    -(onNode.get(pod.spec.nodeName ?? "") ?? 0),
    isReady(pod) ? -Date.parse(readyCondition(pod)?.lastTransitionTime ?? "") : 0,
    -restarts(pod),
    -Date.parse(pod.metadata.creationTimestamp ?? ""),
  ];
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((left, right) => compare(left.rank, right.rank))
    .map(({ pod }) => pod);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
}
