import { type Clock, type Logger, messageOf, type Random, sleep } from "../../base/index.ts";
import { ignoreNotFound, keyedQueue, type ObjectClient, type OwnerReference } from "../../kube/index.ts";
import { collectionOf, type Node, type OwnerGraph, ownersOf, queueKey } from "./owner-graph.ts";
import { ownersSeen } from "./owners.ts";
import type { ServedKinds } from "./served-kinds.ts";

export interface GarbageCollectorDeps {
  readonly client: ObjectClient;
  readonly graph: OwnerGraph;
  readonly kinds: ServedKinds;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";
/** Events have no owners worth following, and there are many. */
const IGNORED = new Set(["/events", "events.k8s.io/events"]);
/** A kind that cannot be listed does not hold up the others for longer than this. */
const SYNC_MS = 10_000;
const SYNC_POLL_MS = 20;
const LATER_MS = 5_000;

const holds = ({ object }: Node, finalizer: string): boolean => object.metadata.finalizers?.includes(finalizer) === true;
const isGoing = ({ object }: Node): boolean => object.metadata.deletionTimestamp !== undefined;

/**
 * Deletes objects whose owners are gone, and carries out foreground and orphaning deletions, for every kind the API
 * serves, by the rules of the Kubernetes garbage collector.
 */
export function garbageCollector(deps: GarbageCollectorDeps): { run(signal: AbortSignal): Promise<void> } {
  const { client, graph, kinds, clock, logger } = deps;
  const queue = keyedQueue({ clock, random: deps.random }, { concurrency: 8 });
  const ownersOfNode = ownersSeen(client, graph, (owner) => isGoing(owner) && holds(owner, FOREGROUND));

  function followAll(): void {
    for (const kind of kinds.all()) {
      if (IGNORED.has(collectionOf(kind)) || !["list", "watch", "delete", "patch"].every((verb) => kind.verbs.includes(verb))) continue;
      graph.follow(kind, changed);
    }
  }

  function changed(change: "set" | "gone", node: Node): void {
    if (change === "set") {
      if (ownersOf(node.object).length > 0 || (isGoing(node) && (holds(node, FOREGROUND) || holds(node, ORPHAN)))) queue.add(queueKey(node));
      return;
    }
    for (const dependent of graph.dependentsOf(node.object.metadata.uid)) queue.add(queueKey(dependent));
    for (const { uid } of ownersOf(node.object)) {
      const owner = graph.byUid(uid);
      if (owner && isGoing(owner)) queue.add(queueKey(owner));
    }
  }

  async function work(key: string): Promise<void> {
    const [collection = "", name = ""] = key.split("|");
    const node = graph.get(collection, name);
    if (!node) return queue.forget(key);
    try {
      await attend(node, key);
      queue.forget(key);
    } catch (thrown) {
      logger.debug("garbage collection put off", { key, error: messageOf(thrown) });
      queue.retry(key);
    }
  }

  async function attend(node: Node, key: string): Promise<void> {
    if (isGoing(node) && holds(node, ORPHAN)) return orphanDependents(node);
    if (isGoing(node) && holds(node, FOREGROUND)) return deleteDependents(node);
    if (isGoing(node) || ownersOf(node.object).length === 0) return;
    const { solid, dangling, waiting, unknown } = await ownersOfNode(node);
    if (unknown) queue.add(key, LATER_MS);
    if (solid.length > 0) {
      if (dangling.length + waiting.length > 0) await patchOwners(node, solid);
      return;
    }
    const dependents = waiting.length > 0 ? graph.dependentsOf(node.object.metadata.uid) : [];
    if (dependents.length === 0) return remove(node, holds(node, ORPHAN) ? "Orphan" : holds(node, FOREGROUND) ? "Foreground" : "Background");
    // A dependent that waits for its own dependents while its owner waits for it would be a circle: it stops blocking.
    if (dependents.some((dependent) => isGoing(dependent) && holds(dependent, FOREGROUND))) await unblock(node);
    await remove(node, "Foreground");
  }

  const refOf = ({ kind, object: { metadata } }: Node) => (kind.namespaced ? { namespace: metadata.namespace, name: metadata.name } : { name: metadata.name });

  async function remove(node: Node, propagation: "Orphan" | "Foreground" | "Background"): Promise<void> {
    const { uid, resourceVersion } = node.object.metadata;
    await client.delete(node.kind, refOf(node), { uid, resourceVersion, propagation });
  }

  async function patchMetadata(node: Node, metadata: Record<string, unknown>): Promise<void> {
    const { uid, resourceVersion } = node.object.metadata;
    await client.patch(node.kind, refOf(node), { type: "merge", body: { metadata: { uid, resourceVersion, ...metadata } } }).catch(ignoreNotFound);
  }

  const patchOwners = (node: Node, ownerReferences: readonly OwnerReference[]) =>
    patchMetadata(node, { ownerReferences: ownerReferences.length > 0 ? ownerReferences : null });
  const unblock = (node: Node) =>
    patchOwners(
      node,
      ownersOf(node.object).map((reference) => (reference.blockOwnerDeletion ? { ...reference, blockOwnerDeletion: false } : reference)),
    );
  const dropFinalizer = (node: Node, finalizer: string) => {
    const left = (node.object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    return patchMetadata(node, { finalizers: left.length > 0 ? left : null });
  };

  async function deleteDependents(node: Node): Promise<void> {
    const { uid } = node.object.metadata;
    const blocking = graph.dependentsOf(uid).filter(({ object }) => ownersOf(object).some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true));
    if (blocking.length === 0) return dropFinalizer(node, FOREGROUND);
    for (const dependent of blocking) if (!isGoing(dependent)) queue.add(queueKey(dependent));
  }

  async function orphanDependents(node: Node): Promise<void> {
    const { uid } = node.object.metadata;
    for (const dependent of graph.dependentsOf(uid)) {
      await patchOwners(
        dependent,
        ownersOf(dependent.object).filter((owner) => owner.uid !== uid),
      );
    }
    await dropFinalizer(node, ORPHAN);
  }

  return {
    async run(signal) {
      kinds.onChange(followAll);
      followAll();
      for (let waited = 0; waited < SYNC_MS && !(kinds.all().length > 0 && graph.synced) && !signal.aborted; waited += SYNC_POLL_MS) {
        await sleep(clock, SYNC_POLL_MS, signal);
      }
      await queue.run(signal, work);
    },
  };
}
