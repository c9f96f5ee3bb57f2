import type { Stored } from "../../kube/index.ts";
import type { Deployment, ReplicaSet } from "./workload-shapes.ts";

/** How far a rolling update may go beyond and below the wanted number of pods. */
export interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** How many pods a ReplicaSet shall have from now on. */
export interface Resize {
  readonly set: Stored<ReplicaSet>;
  readonly replicas: number;
}

export const DESIRED = "deployment.kubernetes.io/desired-replicas";
export const MAXIMUM = "deployment.kubernetes.io/max-replicas";

function amount(value: number | string | undefined, of: number, round: (value: number) => number): number {
  if (typeof value === "string" && value.endsWith("%")) return round((Number.parseInt(value, 10) * of) / 100);
  return Number(value ?? 0);
}

/** Surge is rounded up and unavailability down; where both come to nothing, one pod may be missing. */
export function boundsOf({ spec }: Deployment): Bounds {
  const { type, rollingUpdate } = spec.strategy;
  if (type !== "RollingUpdate" || spec.replicas === 0) return { maxSurge: 0, maxUnavailable: 0 };
  const replicas = Number(spec.replicas);
  const maxSurge = amount(rollingUpdate?.maxSurge, replicas, Math.ceil);
  const maxUnavailable = amount(rollingUpdate?.maxUnavailable, replicas, Math.floor);
  return { maxSurge, maxUnavailable: Math.min(replicas, maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable) };
}

export const wanted = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, { spec }) => sum + Number(spec.replicas), 0);
export const available = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, { status }) => sum + Number(status?.availableReplicas ?? 0), 0);
export const isScaledUp = ({ spec }: ReplicaSet): boolean => Number(spec.replicas) > 0;

/** The most pods there may be at once. */
export const maximumOf = (deployment: Deployment): number => Number(deployment.spec.replicas) + boundsOf(deployment).maxSurge;

/** How many pods the newest ReplicaSet may have now. @param current what it has; 0 for one yet to be made */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const replicas = Number(deployment.spec.replicas);
  if (deployment.spec.strategy.type === "Recreate" || current > replicas) return replicas;
  const room = maximumOf(deployment) - wanted(all);
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

const age = ({ metadata }: Stored<ReplicaSet>): string => metadata.creationTimestamp ?? "";
export const oldestFirst = (sets: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet>[] =>
  [...sets].sort((left, right) => (age(left) === age(right) ? (left.metadata.name < right.metadata.name ? -1 : 1) : age(left) < age(right) ? -1 : 1));

/** Takes from the old sets first what is not available anyway. */
function withoutUnhealthy(old: readonly Stored<ReplicaSet>[], most: number): Resize[] {
  let left = most;
  return old.map((set) => {
    const unhealthy = Math.max(0, Number(set.spec.replicas) - Number(set.status?.availableReplicas ?? 0));
    const cut = Math.min(left, unhealthy);
    left -= cut;
    return { set, replicas: Number(set.spec.replicas) - cut };
  });
}

/** The old sets of a rolling update and how many pods each may keep: as few as the bound on missing ones allows. */
export function shrinkOld(deployment: Deployment, newest: Stored<ReplicaSet>, oldSets: readonly Stored<ReplicaSet>[]): Resize[] {
  const old = oldestFirst(oldSets.filter(isScaledUp));
  const all = [...old, newest];
  const minimum = Number(deployment.spec.replicas) - boundsOf(deployment).maxUnavailable;
  const newMissing = Number(newest.spec.replicas) - Number(newest.status?.availableReplicas ?? 0);
  const most = wanted(all) - minimum - newMissing;
  if (old.length === 0 || most <= 0) return [];
  const cleaned = withoutUnhealthy(old, most);
  let left = Math.max(0, available(all) - minimum);
  const shrunk = cleaned.map(({ set, replicas }) => {
    const cut = Math.min(left, replicas);
    left -= cut;
    return { set, replicas: replicas - cut };
  });
  return shrunk.filter(({ set, replicas }) => replicas !== Number(set.spec.replicas));
}

/** A set's share of a change of the whole, by its share of the pods there were. */
function shareOf(deployment: Deployment, { metadata, spec }: ReplicaSet): number {
  const replicas = Number(spec.replicas);
  if (Number(deployment.spec.replicas) === 0) return -replicas;
  const before = Number(metadata.annotations?.[MAXIMUM] ?? deployment.status?.replicas ?? 0);
  return before === 0 ? 0 : Math.round((replicas * maximumOf(deployment)) / before) - replicas;
}

/** Spreads a changed number of replicas over all sets of a rollout under way, in proportion. */
export function proportional(deployment: Deployment, sets: readonly Stored<ReplicaSet>[]): Resize[] {
  const active = sets.filter(isScaledUp);
  const allowed = Number(deployment.spec.replicas) > 0 ? maximumOf(deployment) : 0;
  const change = allowed - wanted(active);
  const newerFirst = oldestFirst(active).reverse();
  // The largest first; among equals the newer grows first and the older shrinks first.
  const ordered = (change > 0 ? newerFirst : oldestFirst(active)).sort((left, right) => Number(right.spec.replicas) - Number(left.spec.replicas));
  let given = 0;
  const resized = ordered.map((set) => {
    const left = change - given;
    const share = change === 0 ? 0 : change > 0 ? Math.min(shareOf(deployment, set), left) : Math.max(shareOf(deployment, set), left);
    given += share;
    return { set, replicas: Number(set.spec.replicas) + share };
  });
  return resized.map(({ set, replicas }, index) => ({ set, replicas: index === 0 ? Math.max(0, replicas + change - given) : replicas }));
}
