import { rfc3339 } from "../../base/index.ts";
import type { ContainerStatus, Pod, PodCondition, PodStatus } from "./pod-shapes.ts";

const MESSAGE = "the node was restarted";

/** Whether some container of the pod has ever run. */
export function wasStarted(pod: Pod): boolean {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.some(({ state, lastState }) => "running" in state || "terminated" in state || lastState.terminated !== undefined);
}

/** The last status of a pod whose processes ended with the kubelet that ran them: a disruption, not a fault of its own. */
export function lostStatus(pod: Pod, nowMs: number): PodStatus {
  const now = rfc3339(nowMs);
  const { containerStatuses = [], initContainerStatuses, conditions = [], ...rest } = pod.status ?? {};
  return {
    ...rest,
    phase: "Failed",
    reason: "NodeShutdown",
    message: MESSAGE,
    conditions: [...conditions.filter(({ type }) => type !== "DisruptionTarget").map((condition) => notReady(condition, now)), disruption(now)],
    containerStatuses: containerStatuses.map((status) => lost(status, now)),
    ...(initContainerStatuses ? { initContainerStatuses: initContainerStatuses.map((status) => lost(status, now)) } : {}),
  };
}

function disruption(now: string): PodCondition {
  return { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message: MESSAGE, lastProbeTime: null, lastTransitionTime: now };
}

function notReady(condition: PodCondition, now: string): PodCondition {
  if (condition.type !== "Ready" && condition.type !== "ContainersReady") return condition;
  return { ...condition, status: "False", reason: "PodFailed", lastTransitionTime: condition.status === "False" ? (condition.lastTransitionTime ?? now) : now };
}

function lost(status: ContainerStatus, now: string): ContainerStatus {
  if (!("running" in status.state)) return { ...status, ready: false, started: false };
  const end = { exitCode: 137, reason: "ContainerStatusUnknown", message: "The container could not be located when the pod was terminated" };
  return { ...status, ready: false, started: false, state: { terminated: { ...end, startedAt: status.state.running.startedAt, finishedAt: now } } };
}
