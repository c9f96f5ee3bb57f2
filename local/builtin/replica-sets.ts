import { type Clock, copyJson, jsonEqual, type Logger, messageOf, type Random } from "../../base/index.ts";
import {
  ApiError,
  controllerOf,
  controllerReference,
  type EventRecorder,
  type Informer,
  type InformerSet,
  isNotFound,
  keyedQueue,
  keyOf,
  Kinds,
  type ObjectClient,
  type Stored,
} from "../../kube/index.ts";
import type { Pod } from "../kubelet/index.ts";
import { BY_NAMESPACE, claim } from "./claim.ts";
import { selects } from "./label-selector.ts";
import { availableIn, byExpendability, isActive } from "./pod-readiness.ts";
import { replicaSetStatus, type ReplicaTrouble } from "./replica-set-status.ts";
import { REPLICA_SET, type ReplicaSet } from "./workload-shapes.ts";

export interface WorkloadDeps {
  readonly informers: InformerSet;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** At most so many pods are made or deleted in one pass. */
const BURST = 500;

function podOf(set: Stored<ReplicaSet>): Pod {
  const { metadata = {}, spec } = copyJson(set.spec.template);
  const { labels, annotations, finalizers } = metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${set.metadata.name}-`,
      ...(set.metadata.namespace ? { namespace: set.metadata.namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(REPLICA_SET, set)],
    },
    spec,
  };
}

interface Hands {
  readonly client: ObjectClient;
  readonly pods: Informer<Pod>;
  readonly events: EventRecorder;
}

/** Makes pods: one, then two, then four …, so that a mistake in the template is met once and not 500 times. */
async function createPods({ client, pods, events }: Hands, set: Stored<ReplicaSet>, count: number): Promise<ReplicaTrouble | undefined> {
  const createOne = async (): Promise<ReplicaTrouble | undefined> => {
    try {
      const pod = await client.create<Pod>(Kinds.Pod, podOf(set));
      pods.wrote(pod);
      void events.record(set, { type: "Normal", reason: "SuccessfulCreate", message: `Created pod: ${pod.metadata.name}` });
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      const namespaceGoing = thrown.status?.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;
      if (!namespaceGoing) void events.record(set, { type: "Warning", reason: "FailedCreate", message: `Error creating: ${thrown.message}` });
      return { reason: "FailedCreate", message: thrown.message };
    }
  };
  for (let made = 0, batch = 1; made < count; made += batch, batch *= 2) {
    const found = await Promise.all(Array.from({ length: Math.min(batch, count - made) }, createOne));
    const trouble = found.find((one) => one !== undefined);
    if (trouble) return trouble;
  }
  return undefined;
}

async function deletePods({ client, pods, events }: Hands, set: Stored<ReplicaSet>, surplus: readonly Stored<Pod>[]): Promise<ReplicaTrouble | undefined> {
  const deleteOne = async (pod: Stored<Pod>): Promise<ReplicaTrouble | undefined> => {
    const { name, namespace, uid } = pod.metadata;
    try {
      const left = await client.delete(Kinds.Pod, { namespace, name }, { uid });
      if (left) pods.wrote(left);
      else pods.deleted(keyOf(pod), uid);
      void events.record(set, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${name}` });
      return undefined;
    } catch (thrown) {
      if (isNotFound(thrown) || !(thrown instanceof ApiError)) throw thrown;
      void events.record(set, { type: "Warning", reason: "FailedDelete", message: `Error deleting: ${thrown.message}` });
      return { reason: "FailedDelete", message: thrown.message };
    }
  };
  const found = await Promise.all(surplus.map(deleteOne));
  return found.find((one) => one !== undefined);
}

/** Keeps as many pods as each ReplicaSet wants: makes what is missing, deletes what is too much, adopts orphans, lets strangers go. */
export function replicaSetController(deps: WorkloadDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, clock, logger } = deps;
  const { client } = informers;
  const sets = informers.of<ReplicaSet>({ kind: REPLICA_SET });
  const pods = informers.of<Pod>({ kind: Kinds.Pod });
  const hands: Hands = { client, pods, events: deps.events };
  const queue = keyedQueue(deps, { concurrency: 5 });

  async function replicate(set: Stored<ReplicaSet>, active: readonly Stored<Pod>[]): Promise<ReplicaTrouble | undefined> {
    const missing = Number(set.spec.replicas) - active.length;
    if (set.metadata.deletionTimestamp !== undefined || missing === 0) return undefined;
    if (missing > 0) return createPods(hands, set, Math.min(missing, BURST));
    return deletePods(hands, set, byExpendability(active).slice(0, Math.min(-missing, BURST)));
  }

  async function reconcile(key: string, set: Stored<ReplicaSet>): Promise<void> {
    const claiming = { client, informer: pods, kind: Kinds.Pod, ownerKind: REPLICA_SET };
    const trouble = await replicate(set, (await claim(claiming, set)).filter(isActive));
    const owned = pods.byIndex(BY_NAMESPACE, set.metadata.namespace ?? "").filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
    const status = replicaSetStatus(set, owned, trouble, clock.now());
    if (!jsonEqual(status, { ...set.status, conditions: set.status?.conditions })) await writeStatus(set, status);
    const waits = owned.map((pod) => availableIn(pod, Number(set.spec.minReadySeconds ?? 0), clock.now()) ?? 0).filter((ms) => ms > 0);
    if (waits.length > 0) queue.add(key, Math.min(...waits));
    if (trouble) queue.retry(key);
    else queue.forget(key);
  }

  async function writeStatus(set: Stored<ReplicaSet>, status: ReplicaSet["status"]): Promise<void> {
    const { name, namespace, uid } = set.metadata;
    const body = { metadata: { uid }, status: { conditions: null, ...status } };
    sets.wrote(await client.patch<ReplicaSet>(REPLICA_SET, { namespace, name }, { type: "merge", body }, { subresource: "status" }));
  }

  async function work(key: string): Promise<void> {
    const set = sets.get(key);
    if (!set) return queue.forget(key);
    try {
      await reconcile(key, set);
    } catch (thrown) {
      if (!isNotFound(thrown)) logger.debug("replica set put off", { key, error: messageOf(thrown) });
      queue.retry(key);
    }
  }

  /** Its controller, or else every set that might adopt it. */
  function concerned(pod: Stored<Pod>): void {
    const controller = controllerOf(pod);
    const namespace = pod.metadata.namespace ?? "";
    if (controller?.kind === "ReplicaSet") return queue.add(`${namespace}/${controller.name}`);
    if (controller) return;
    for (const set of sets.list()) if (set.metadata.namespace === namespace && selects(set.spec.selector, pod.metadata.labels)) queue.add(keyOf(set));
  }

  return {
    async run(signal) {
      pods.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace ?? ""]);
      await Promise.all([sets.whenSynced(signal), pods.whenSynced(signal)]);
      sets.onChange(({ type, object }) => void (type === "deleted" || queue.add(keyOf(object))));
      pods.onChange(({ object, previous }) => {
        if (previous && controllerOf(previous)?.uid !== controllerOf(object)?.uid) concerned(previous);
        concerned(object);
      });
      for (const set of sets.list()) queue.add(keyOf(set));
      await queue.run(signal, work);
    },
  };
}
