import { rfc3339 } from "../../base/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { Pod } from "../kubelet/index.ts";
import { availableIn, isActive, isGoing, isReady } from "./pod-readiness.ts";
import type { ReplicaSet, ReplicaSetStatus, WorkloadCondition } from "./workload-shapes.ts";

/** What creating or deleting pods ran into. */
export interface ReplicaTrouble {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

function failureCondition(before: readonly WorkloadCondition[], trouble: ReplicaTrouble | undefined, now: number): WorkloadCondition[] {
  const others = before.filter(({ type }) => type !== "ReplicaFailure");
  if (!trouble) return others;
  const held = before.find(({ type, reason }) => type === "ReplicaFailure" && reason === trouble.reason);
  return [...others, held ?? { type: "ReplicaFailure", status: "True", ...trouble, lastTransitionTime: rfc3339(now) }];
}

/** The status of a ReplicaSet over its pods. `pods` are all that it owns, ended and going ones included. */
export function replicaSetStatus(set: Stored<ReplicaSet>, pods: readonly Stored<Pod>[], trouble: ReplicaTrouble | undefined, now: number): ReplicaSetStatus {
  const active = pods.filter(isActive);
  const labels = Object.entries(set.spec.template.metadata?.labels ?? {});
  const minReady = Number(set.spec.minReadySeconds ?? 0);
  const conditions = failureCondition(set.status?.conditions ?? [], trouble, now);
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => availableIn(pod, minReady, now) === 0).length,
    terminatingReplicas: pods.filter((pod) => isGoing(pod) && !["Succeeded", "Failed"].includes(pod.status?.phase ?? "")).length,
    observedGeneration: Number(set.metadata.generation ?? 0),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}
