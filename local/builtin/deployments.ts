import { messageOf } from "../../base/index.ts";
import { controllerOf, isNotFound, keyedQueue, keyOf, Kinds, type Stored } from "../../kube/index.ts";
import { isFinished, type Pod } from "../kubelet/index.ts";
import { BY_NAMESPACE, claim } from "./claim.ts";
import { conditionOf, countedStatus, rolloutStatus, stuckIn } from "./deployment-status.ts";
import { deploymentWrites, othersThan, refOf, type Scene } from "./deployment-writes.ts";
import { selects } from "./label-selector.ts";
import type { WorkloadDeps } from "./replica-sets.ts";
import { forgettable, newestSet } from "./revisions.ts";
import { DESIRED, isScaledUp, newReplicas, proportional, shrinkOld } from "./rollout.ts";
import { type Deployment, DEPLOYMENT, REPLICA_SET, type ReplicaSet } from "./workload-shapes.ts";

/** The number of replicas was changed since the sets were last sized. */
function isScaling({ deployment, sets }: Scene): boolean {
  return sets.filter(isScaledUp).some(({ metadata }) => {
    const desired = metadata.annotations?.[DESIRED];
    return desired !== undefined && Number(desired) !== Number(deployment.spec.replicas);
  });
}

/** Rolls Deployments out: one ReplicaSet per template, the newest growing as the others shrink. */
export function deploymentController(deps: WorkloadDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, clock, logger } = deps;
  const { client } = informers;
  const deployments = informers.of<Deployment>({ kind: DEPLOYMENT });
  const sets = informers.of<ReplicaSet>({ kind: REPLICA_SET });
  const pods = informers.of<Pod>({ kind: Kinds.Pod });
  const queue = keyedQueue(deps, { concurrency: 5 });
  const { resize, writeStatus, newest: newestOrMade, notePause } = deploymentWrites(deps);

  async function finish({ deployment, sets: all }: Scene, newest: Stored<ReplicaSet> | undefined): Promise<void> {
    const current = deployments.get(keyOf(deployment)) ?? deployment;
    const status = rolloutStatus({ deployment: current, newest, old: othersThan(all, newest), now: clock.now() });
    await writeStatus(current, status);
    const wait = stuckIn(current, status.conditions, clock.now());
    if (wait !== undefined) queue.add(keyOf(deployment), wait + 1);
    const complete = conditionOf(status.conditions, "Progressing")?.reason === "NewReplicaSetAvailable" || status.updatedReplicas === deployment.spec.replicas;
    if (complete)
      for (const old of forgettable(deployment, othersThan(all, newest))) await client.delete(REPLICA_SET, refOf(old.metadata), { uid: old.metadata.uid });
  }

  async function rollingUpdate(scene: Scene): Promise<void> {
    const { deployment, sets: all } = scene;
    const found = newestSet(deployment, all);
    const newest = await newestOrMade(scene, found);
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
    const newest = await newestOrMade(scene, found);
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
