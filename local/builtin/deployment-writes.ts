import { jsonEqual } from "../../base/index.ts";
import { controllerOf, isAlreadyExists, keyOf, type ObjectMeta, type Stored } from "../../kube/index.ts";
import { conditionOf, withCondition } from "./deployment-status.ts";
import type { WorkloadDeps } from "./replica-sets.ts";
import { makeSet, newestSet, nextRevision, REVISION, revisionOf, setAnnotations, templateHash } from "./revisions.ts";
import { DESIRED, isScaledUp, maximumOf, MAXIMUM, newReplicas, type Resize } from "./rollout.ts";
import { type Deployment, DEPLOYMENT, type DeploymentStatus, REPLICA_SET, type ReplicaSet } from "./workload-shapes.ts";

/** One deployment and its ReplicaSets at one moment. */
export interface Scene {
  readonly deployment: Stored<Deployment>;
  readonly sets: readonly Stored<ReplicaSet>[];
}

export const othersThan = (sets: readonly Stored<ReplicaSet>[], newest: Stored<ReplicaSet> | undefined): Stored<ReplicaSet>[] =>
  sets.filter(({ metadata }) => metadata.uid !== newest?.metadata.uid);

/** What the controller of Deployments writes: their status, and their ReplicaSets. */
export interface DeploymentWrites {
  /** Sizes a set, if it has another size, and notes for whom. */
  resize(deployment: Stored<Deployment>, change: Resize): Promise<Stored<ReplicaSet>>;
  /** Nothing is sent when nothing differs. */
  writeStatus(deployment: Stored<Deployment>, status: DeploymentStatus, annotations?: Record<string, string>): Promise<void>;
  /** The set of the newest template, `found` or made; undefined when its name was taken, and another pass is to try the next. */
  newest(scene: Scene, found: Stored<ReplicaSet> | undefined): Promise<Stored<ReplicaSet> | undefined>;
  /** Says in a condition that a deployment was paused or resumed. Resolves with the deployment after it. */
  notePause(deployment: Stored<Deployment>): Promise<Stored<Deployment>>;
}

/** The name of an object for the client. */
export const refOf = ({ namespace, name }: ObjectMeta): { namespace: string | undefined; name: string } => ({ namespace, name: name ?? "" });

/** A status without what is left out when it is nought. */
function shown(status: DeploymentStatus): Record<string, unknown> {
  return Object.fromEntries(Object.entries(status).filter(([name, value]) => value !== undefined && (value !== 0 || name === "terminatingReplicas")));
}

export function deploymentWrites({ informers, events, clock, logger }: WorkloadDeps): DeploymentWrites {
  const { client } = informers;
  const deployments = informers.of<Deployment>({ kind: DEPLOYMENT });
  const sets = informers.of<ReplicaSet>({ kind: REPLICA_SET });

  async function patchSet(set: Stored<ReplicaSet>, body: Record<string, unknown>): Promise<Stored<ReplicaSet>> {
    const { uid, resourceVersion } = set.metadata;
    const metadata = { uid, resourceVersion, ...(body["metadata"] as object | undefined) };
    const written = await client.patch<ReplicaSet>(REPLICA_SET, refOf(set.metadata), { type: "merge", body: { ...body, metadata } });
    sets.wrote(written);
    return written;
  }

  async function resize(deployment: Stored<Deployment>, { set, replicas }: Resize): Promise<Stored<ReplicaSet>> {
    const before = Number(set.spec.replicas);
    const annotations = { [DESIRED]: String(deployment.spec.replicas), [MAXIMUM]: String(maximumOf(deployment)) };
    const same = Object.entries(annotations).every(([name, value]) => set.metadata.annotations?.[name] === value);
    if (replicas === before && same) return set;
    const written = await patchSet(set, { metadata: { annotations }, spec: { replicas } });
    const message = `Scaled ${replicas > before ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    if (replicas !== before) void events.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
    return written;
  }

  async function writeStatus(deployment: Stored<Deployment>, status: DeploymentStatus, annotations: Record<string, string> = {}): Promise<void> {
    const sameNotes = Object.entries(annotations).every(([name, value]) => deployment.metadata.annotations?.[name] === value);
    if (sameNotes && jsonEqual(shown(status), shown(deployment.status ?? {}))) return;
    const metadata = { uid: deployment.metadata.uid, ...(sameNotes ? {} : { annotations }) };
    const body = { metadata, status };
    deployments.wrote(await client.patch<Deployment>(DEPLOYMENT, refOf(deployment.metadata), { type: "merge", body }, { subresource: "status" }));
  }

  /** Says that a set is there for the first time, where progress is watched, and which revision the deployment is at. */
  async function noteRevision(deployment: Stored<Deployment>, set: Stored<ReplicaSet>, reason: string, words: string): Promise<void> {
    const { status = {}, spec } = deployment;
    const first = conditionOf(status.conditions, "Progressing") === undefined && spec.progressDeadlineSeconds !== undefined;
    const created = reason === "NewReplicaSetReason";
    const condition = {
      type: "Progressing",
      status: "True",
      reason: created ? "NewReplicaSetCreated" : reason,
      message: `${words} "${set.metadata.name}"`,
    } as const;
    const conditions =
      first || (created && spec.progressDeadlineSeconds !== undefined) ? withCondition(status.conditions ?? [], condition, clock.now()) : status.conditions;
    const revision = String(revisionOf(set));
    await writeStatus(deployment, { ...status, ...(conditions ? { conditions } : {}) }, revision === "0" ? {} : { [REVISION]: revision });
  }

  async function refreshSet({ deployment, sets: all }: Scene, set: Stored<ReplicaSet>): Promise<Stored<ReplicaSet>> {
    const annotations = setAnnotations(deployment, set.metadata.annotations ?? {}, nextRevision(othersThan(all, set)));
    const minReadySeconds = Number(deployment.spec.minReadySeconds ?? 0);
    const { [DESIRED]: _desired, [MAXIMUM]: _maximum, ...notes } = annotations;
    const sameNotes = Object.entries(notes).every(([name, value]) => set.metadata.annotations?.[name] === value);
    if (!sameNotes || Number(set.spec.minReadySeconds ?? 0) !== minReadySeconds)
      return patchSet(set, { metadata: { annotations: notes }, spec: { minReadySeconds } });
    await noteRevision(deployment, set, "FoundNewReplicaSet", "Found new replica set");
    return set;
  }

  async function createSet({ deployment, sets: all }: Scene): Promise<Stored<ReplicaSet> | undefined> {
    const wanted = makeSet(deployment, newReplicas(deployment, all, 0), nextRevision(all));
    try {
      const created = await client.create<ReplicaSet>(REPLICA_SET, wanted);
      sets.wrote(created);
      const message = `Scaled up replica set ${created.metadata.name} from 0 to ${created.spec.replicas}`;
      if (isScaledUp(created)) void events.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
      await noteRevision(deployment, created, "NewReplicaSetReason", "Created new replica set");
      return created;
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown;
      await noteCollision(deployment, wanted.metadata.name ?? "");
      return undefined;
    }
  }

  /** Another template has this name: count, and the next hash is another one. One of our own is only not in the cache yet. */
  async function noteCollision(deployment: Stored<Deployment>, name: string): Promise<void> {
    const held = await client.get<ReplicaSet>(REPLICA_SET, { namespace: deployment.metadata.namespace, name });
    if (controllerOf(held)?.uid === deployment.metadata.uid && newestSet(deployment, [held])) return sets.wrote(held);
    const collisionCount = Number(deployment.status?.collisionCount ?? 0) + 1;
    logger.debug("template hash taken", { name, next: templateHash(deployment.spec.template, collisionCount) });
    await writeStatus(deployment, { ...deployment.status, collisionCount });
  }

  async function notePause(deployment: Stored<Deployment>): Promise<Stored<Deployment>> {
    const { status = {}, spec } = deployment;
    const held = conditionOf(status.conditions, "Progressing");
    if (spec.progressDeadlineSeconds === undefined || held?.reason === "ProgressDeadlineExceeded") return deployment;
    const paused = held?.reason === "DeploymentPaused";
    if (Boolean(spec.paused) === paused) return deployment;
    const reason = spec.paused ? "DeploymentPaused" : "DeploymentResumed";
    const message = spec.paused ? "Deployment is paused" : "Deployment is resumed";
    const conditions = withCondition(status.conditions ?? [], { type: "Progressing", status: "Unknown", reason, message }, clock.now());
    await writeStatus(deployment, { ...status, conditions });
    return deployments.get(keyOf(deployment)) ?? deployment;
  }

  return { resize, writeStatus, newest: (scene, found) => (found ? refreshSet(scene, found) : createSet(scene)), notePause };
}
