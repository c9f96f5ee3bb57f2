import { rfc3339 } from "../../base/index.ts";
import type { Stored } from "../../kube/index.ts";
import { available, boundsOf, wanted } from "./rollout.ts";
import type { Deployment, DeploymentStatus, ReplicaSet, ReplicaSetStatus, WorkloadCondition } from "./workload-shapes.ts";

export interface RolloutView {
  readonly deployment: Stored<Deployment>;
  readonly newest: Stored<ReplicaSet> | undefined;
  readonly old: readonly Stored<ReplicaSet>[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

type Counter = "replicas" | "readyReplicas" | "terminatingReplicas";

const total = (sets: readonly ReplicaSet[], counter: Counter): number =>
  sets.reduce((sum, { status }) => sum + Number((status as Partial<ReplicaSetStatus> | undefined)?.[counter] ?? 0), 0);

export const conditionOf = (conditions: readonly WorkloadCondition[] | undefined, type: string): WorkloadCondition | undefined =>
  conditions?.find((one) => one.type === type);

/** The conditions with this one in place of its former self; unchanged when it says the same. */
export function withCondition(
  conditions: readonly WorkloadCondition[],
  next: Omit<WorkloadCondition, "lastTransitionTime" | "lastUpdateTime">,
  now: number,
): WorkloadCondition[] {
  const held = conditionOf(conditions, next.type);
  if (held?.status === next.status && held.reason === next.reason) return [...conditions];
  const time = rfc3339(now);
  const lastTransitionTime = held?.status === next.status ? held.lastTransitionTime : time;
  return [...conditions.filter(({ type }) => type !== next.type), { ...next, lastUpdateTime: time, lastTransitionTime }];
}

function availability(deployment: Deployment, count: number): Omit<WorkloadCondition, "lastTransitionTime"> {
  const enough = count >= Number(deployment.spec.replicas) - boundsOf(deployment).maxUnavailable;
  return enough
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : { type: "Available", status: "False", reason: "MinimumReplicasUnavailable", message: "Deployment does not have minimum availability." };
}

/** Numbers and the condition Available; the other conditions as they are. */
export function countedStatus({ deployment, newest, old, now }: RolloutView): DeploymentStatus {
  const all = newest ? [...old, newest] : old;
  const ready = available(all);
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  return {
    observedGeneration: Number(deployment.metadata.generation ?? 0),
    replicas: total(all, "replicas"),
    updatedReplicas: newest ? total([newest], "replicas") : 0,
    readyReplicas: total(all, "readyReplicas"),
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, wanted(all) - ready),
    terminatingReplicas: total(all, "terminatingReplicas"),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(conditions, availability(deployment, ready), now),
  };
}

function isComplete({ spec }: Deployment, { updatedReplicas, replicas, availableReplicas }: DeploymentStatus): boolean {
  return [updatedReplicas, replicas, availableReplicas].every((count) => count === Number(spec.replicas));
}

function hasProgressed(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const grew = (field: "updatedReplicas" | "readyReplicas" | "availableReplicas") => Number(now[field] ?? 0) > Number(before[field] ?? 0);
  const oldPods = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => Number(replicas) - Number(updatedReplicas);
  return grew("updatedReplicas") || grew("readyReplicas") || grew("availableReplicas") || oldPods(now) < oldPods(before);
}

/** Milliseconds until the rollout counts as stuck: none when no deadline runs. */
export function stuckIn(deployment: Deployment, conditions: readonly WorkloadCondition[] | undefined, now: number): number | undefined {
  const progressing = conditionOf(conditions, "Progressing");
  const deadline = deployment.spec.progressDeadlineSeconds;
  if (!progressing || deadline === undefined || ["NewReplicaSetAvailable", "ProgressDeadlineExceeded"].includes(progressing.reason)) return undefined;
  return Math.max(0, Date.parse(progressing.lastUpdateTime ?? "") + Number(deadline) * 1_000 - now);
}

function progress(view: RolloutView, status: DeploymentStatus): WorkloadCondition[] {
  const { deployment, newest, now } = view;
  const conditions = status.conditions ?? [];
  const subject = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const say = (ok: boolean, reason: string, words: string) =>
    withCondition(conditions, { type: "Progressing", status: ok ? "True" : "False", reason, message: `${subject} ${words}` }, now);
  if (isComplete(deployment, status)) return say(true, "NewReplicaSetAvailable", "has successfully progressed.");
  if (hasProgressed(deployment.status ?? {}, status)) {
    // Every step forward winds the deadline up again, though the words stay the same.
    const held = conditionOf(conditions, "Progressing");
    const renewed = { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message: `${subject} is progressing.` } as const;
    const fresh = withCondition(
      conditions.filter(({ type }) => type !== "Progressing"),
      renewed,
      now,
    );
    return fresh.map((one) => (one.type === "Progressing" && held?.status === "True" ? { ...one, lastTransitionTime: held.lastTransitionTime } : one));
  }
  return stuckIn(deployment, conditions, now) === 0 ? say(false, "ProgressDeadlineExceeded", "has timed out progressing.") : [...conditions];
}

function failures({ newest, old, now }: RolloutView, conditions: readonly WorkloadCondition[]): WorkloadCondition[] {
  const found = [...(newest ? [newest] : []), ...old].map(({ status }) => conditionOf(status?.conditions, "ReplicaFailure")).find((one) => one !== undefined);
  if (!found) return conditions.filter(({ type }) => type !== "ReplicaFailure");
  const { status, reason, message } = found;
  return withCondition(conditions, { type: "ReplicaFailure", status, reason, message }, now);
}

/** The whole status while a rollout goes on: numbers, Available, Progressing, ReplicaFailure. */
export function rolloutStatus(view: RolloutView): DeploymentStatus {
  const status = countedStatus(view);
  const { deployment } = view;
  const progressing = conditionOf(deployment.status?.conditions, "Progressing");
  const settled = status.replicas === status.updatedReplicas && progressing?.reason === "NewReplicaSetAvailable";
  if (deployment.spec.progressDeadlineSeconds === undefined) {
    return {
      ...status,
      conditions: failures(
        view,
        (status.conditions ?? []).filter(({ type }) => type !== "Progressing"),
      ),
    };
  }
  return { ...status, conditions: failures(view, settled ? (status.conditions ?? []) : progress(view, status)) };
}
