import { jsonEqual, messageOf } from "../../base/index.ts";
import { controllerOf, type Informer, isAlreadyExists, isNotFound, keyedQueue, keyOf, Kinds, type ObjectClient, type Stored } from "../../kube/index.ts";
import { isFinished, type Pod } from "../kubelet/index.ts";
import { BY_NAMESPACE, claim } from "./claim.ts";
import { conditionOf, countedStatus, rolloutStatus, stuckIn, withCondition } from "./deployment-status.ts";
import { selects } from "./label-selector.ts";
import type { WorkloadDeps } from "./replica-sets.ts";
import { forgettable, makeSet, newestSet, nextRevision, REVISION, revisionOf, setAnnotations, templateHash } from "./revisions.ts";
import { DESIRED, isScaledUp, maximumOf, MAXIMUM, newReplicas, proportional, type Resize, shrinkOld } from "./rollout.ts";
import { type Deployment, DEPLOYMENT, type DeploymentStatus, REPLICA_SET, type ReplicaSet } from "./workload-shapes.ts";

/** One deployment and its ReplicaSets at one moment. */
interface Scene {
  readonly deployment: Stored<Deployment>;
  readonly sets: readonly Stored<ReplicaSet>[];
}

const othersThan = (sets: readonly Stored<ReplicaSet>[], newest: Stored<ReplicaSet> | undefined): Stored<ReplicaSet>[] =>
  sets.filter(({ metadata }) => metadata.uid !== newest?.metadata.uid);

/** The number of replicas was changed since the sets were last sized. */
function isScaling({ deployment, sets }: Scene): boolean {
  return sets.filter(isScaledUp).some(({ metadata }) => {
    const desired = metadata.annotations?.[DESIRED];
    return desired !== undefined && Number(desired) !== Number(deployment.spec.replicas);
  });
}

/** Rolls Deployments out: one ReplicaSet per template, the newest growing as the others shrink. */
export function deploymentController(deps: WorkloadDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, events, clock, logger } = deps;
  const client: ObjectClient = informers.client;
  const deployments = informers.of<Deployment>({ kind: DEPLOYMENT });
  const sets: Informer<ReplicaSet> = informers.of<ReplicaSet>({ kind: REPLICA_SET });
  const pods = informers.of<Pod>({ kind: Kinds.Pod });
  const queue = keyedQueue(deps, { concurrency: 5 });
  const refOf = ({ metadata }: { metadata: { namespace?: string; name: string } }) => ({ namespace: metadata.namespace, name: metadata.name });

  async function patchSet(set: Stored<ReplicaSet>, body: Record<string, unknown>): Promise<Stored<ReplicaSet>> {
    const { uid, resourceVersion } = set.metadata;
    const metadata = { uid, resourceVersion, ...(body["metadata"] as object | undefined) };
    const written = await client.patch<ReplicaSet>(REPLICA_SET, refOf(set), { type: "merge", body: { ...body, metadata } });
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
    deployments.wrote(await client.patch<Deployment>(DEPLOYMENT, refOf(deployment), { type: "merge", body }, { subresource: "status" }));
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

  async function finish({ deployment, sets: all }: Scene, newest: Stored<ReplicaSet> | undefined): Promise<void> {
    const current = deployments.get(keyOf(deployment)) ?? deployment;
    const status = rolloutStatus({ deployment: current, newest, old: othersThan(all, newest), now: clock.now() });
    await writeStatus(current, status);
    const wait = stuckIn(current, status.conditions, clock.now());
    if (wait !== undefined) queue.add(keyOf(deployment), wait + 1);
    const complete = conditionOf(status.conditions, "Progressing")?.reason === "NewReplicaSetAvailable" || status.updatedReplicas === deployment.spec.replicas;
    if (complete) for (const old of forgettable(deployment, othersThan(all, newest))) await client.delete(REPLICA_SET, refOf(old), { uid: old.metadata.uid });
  }

  async function rollingUpdate(scene: Scene): Promise<void> {
    const { deployment, sets: all } = scene;
    const found = newestSet(deployment, all);
    const newest = found ? await refreshSet(scene, found) : await createSet(scene);
    if (!newest) return queue.add(keyOf(deployment), 1);
    const old = othersThan(all, newest);
    const grown = await resize(deployment, { set: newest, replicas: newReplicas(deployment, [...old, newest], Number(newest.spec.replicas)) });
    if (grown.spec.replicas === newest.spec.replicas) for (const one of shrinkOld(deployment, grown, old)) await resize(deployment, one);
    await finish({ deployment, sets: freshSets(all) }, sets.get(keyOf(grown)) ?? grown);
  }

  const freshSets = (all: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet>[] => all.map((set) => sets.get(keyOf(set)) ?? set);

  async function recreate(scene: Scene): Promise<void> {
    const { deployment, sets: all } = scene;
    const found = newestSet(deployment, all);
    const old = othersThan(all, found);
    const running = old.filter(isScaledUp);
    for (const set of running) await resize(deployment, { set, replicas: 0 });
    const oldUids = new Set(old.map(({ metadata }) => metadata.uid));
    const left = pods.byIndex(BY_NAMESPACE, deployment.metadata.namespace ?? "").some((pod) => oldUids.has(controllerOf(pod)?.uid ?? "") && !isFinished(pod));
    if (running.length > 0 || left) return finish({ deployment, sets: freshSets(all) }, found);
    const newest = found ? await refreshSet(scene, found) : await createSet(scene);
    if (!newest) return queue.add(keyOf(deployment), 1);
    const sized = await resize(deployment, { set: newest, replicas: Number(deployment.spec.replicas) });
    await finish({ deployment, sets: freshSets(all) }, sized);
  }

  /** Paused, or only resized: no step of a rollout, but every set gets its share. */
  async function scale(scene: Scene): Promise<void> {
    const { deployment, sets: all } = scene;
    const newest = newestSet(deployment, all);
    const active = all.filter(isScaledUp);
    const only = active.length <= 1 ? (active[0] ?? newest) : undefined;
    const replicas = Number(deployment.spec.replicas);
    if (only) await resize(deployment, { set: only, replicas });
    else if (newest && isSaturated(deployment, newest)) for (const set of othersThan(active, newest)) await resize(deployment, { set, replicas: 0 });
    else if (deployment.spec.strategy.type === "RollingUpdate") for (const one of proportional(deployment, all)) await resize(deployment, one);
    const fresh = freshSets(all);
    const current = deployments.get(keyOf(deployment)) ?? deployment;
    const after = newestSet(current, fresh);
    await writeStatus(current, countedStatus({ deployment: current, newest: after, old: othersThan(fresh, after), now: clock.now() }));
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

  async function reconcile(seen: Stored<Deployment>): Promise<void> {
    const claimed = await claim({ client, informer: sets, kind: REPLICA_SET, ownerKind: DEPLOYMENT }, seen);
    if (seen.metadata.deletionTimestamp !== undefined) {
      const newest = newestSet(seen, claimed);
      return writeStatus(seen, countedStatus({ deployment: seen, newest, old: othersThan(claimed, newest), now: clock.now() }));
    }
    const scene: Scene = { deployment: await notePause(seen), sets: claimed };
    if (scene.deployment.spec.paused || isScaling(scene)) return scale(scene);
    return scene.deployment.spec.strategy.type === "Recreate" ? recreate(scene) : rollingUpdate(scene);
  }

  async function work(key: string): Promise<void> {
    const deployment = deployments.get(key);
    if (!deployment) return queue.forget(key);
    try {
      await reconcile(deployment);
      queue.forget(key);
    } catch (thrown) {
      if (!isNotFound(thrown)) logger.debug("deployment put off", { key, error: messageOf(thrown) });
      queue.retry(key);
    }
  }

  function concerned(set: Stored<ReplicaSet>): void {
    const controller = controllerOf(set);
    const namespace = set.metadata.namespace ?? "";
    if (controller?.kind === "Deployment") return queue.add(`${namespace}/${controller.name}`);
    if (controller) return;
    for (const one of deployments.list()) {
      if (one.metadata.namespace === namespace && selects(one.spec.selector, set.metadata.labels)) queue.add(keyOf(one));
    }
  }

  /** A deployment that is made anew waits for the last pod of the old ones. */
  function podGone(pod: Stored<Pod>): void {
    const owner = controllerOf(pod);
    const set = owner?.kind === "ReplicaSet" ? sets.get(`${pod.metadata.namespace ?? ""}/${owner.name}`) : undefined;
    if (set) concerned(set);
  }

  return {
    async run(signal) {
      pods.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace ?? ""]);
      sets.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace ?? ""]);
      await Promise.all([deployments.whenSynced(signal), sets.whenSynced(signal), pods.whenSynced(signal)]);
      deployments.onChange(({ type, object }) => void (type === "deleted" || queue.add(keyOf(object))));
      sets.onChange(({ object, previous }) => {
        if (previous && controllerOf(previous)?.uid !== controllerOf(object)?.uid) concerned(previous);
        concerned(object);
      });
      pods.onChange(({ type, object }) => void (type === "deleted" && podGone(object)));
      for (const one of deployments.list()) queue.add(keyOf(one));
      await queue.run(signal, work);
    },
  };
}

function isSaturated({ spec }: Deployment, set: ReplicaSet): boolean {
  const desired = Number(set.metadata.annotations?.[DESIRED] ?? -1);
  const replicas = Number(spec.replicas);
  return [desired, Number(set.spec.replicas), Number(set.status?.availableReplicas ?? 0)].every((count) => count === replicas);
}

/** A status without what is left out when it is nought. */
function shown(status: DeploymentStatus): Record<string, unknown> {
  return Object.fromEntries(Object.entries(status).filter(([name, value]) => value !== undefined && (value !== 0 || name === "terminatingReplicas")));
}
