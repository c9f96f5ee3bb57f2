import { jsonEqual, LABEL, silentMeter } from "../../base/index.ts";
import type { BlobStore } from "../../blobs/index.ts";
import { type GitSync, GitSyncKind } from "../../crds/index.ts";
import { type GitRemote, referenceStore } from "../../gitops/index.ts";
import { type Change, type Controller, controller, type ControllerDeps, conditionOf, keyOf, Kinds, type Stored } from "../../kube/index.ts";
import type { RunMemory } from "./adopt.ts";
import { clusterView, SYNCED_KINDS } from "./cluster-view.ts";
import { inventoryStore } from "./inventory-store.ts";
import { syncMetrics } from "./metrics.ts";
import { repositoryFollower } from "./repository-follower.ts";
import { syncReconciler } from "./sync-reconciler.ts";

export { SYSTEM_NAMESPACE } from "./standing.ts";

export interface SyncControllerDeps extends ControllerDeps {
  readonly remote: GitRemote;
  /** Where files, directories and code of repositories go. */
  readonly blobs: BlobStore;
  /** The archive, for `runs: Adopt`. */
  readonly records: RunMemory;
}

/** A first sync of ten thousand objects takes longer than an ordinary pass. */
const DEADLINE_MS = 15 * 60_000;

/** Somebody may have changed what git says; a status, which nobody but controllers writes, does not count. */
function mayBeDrift({ type, object, previous }: Change): boolean {
  if (type !== "modified") return type === "deleted";
  return (
    object.metadata.generation !== previous?.metadata.generation ||
    !jsonEqual(object.metadata.labels, previous?.metadata.labels) ||
    !jsonEqual(object.metadata.annotations, previous?.metadata.annotations)
  );
}

/** Whether a pass may be waiting for this: a namespace, a Project that is ready, a definition that is compiled. */
function mayEndWaiting(kind: string, { type }: Change): boolean {
  return type !== "deleted" && ["Namespace", "Project", "Task", "Workflow"].includes(kind);
}

const isWaiting = (sync: Stored<GitSync>): boolean =>
  conditionOf(sync, "Applied")?.status === "Unknown" || conditionOf(sync, "Ready")?.reason === "ServiceAccountMissing";

/** Follows GitSyncs: their repositories, and the cluster where it moves away from what they say. */
export function syncController(deps: SyncControllerDeps): Controller {
  const { informers, remote } = deps;
  const client = informers.client;
  const view = clusterView(informers, client);
  const syncs = informers.of<GitSync>({ kind: GitSyncKind });
  const follower = repositoryFollower(remote, (key) => made.wake(key));
  const reconciler = syncReconciler({
    client,
    view,
    remote,
    follower,
    inventories: inventoryStore(client),
    references: referenceStore(deps.blobs),
    history: deps.records,
  });
  // Repositories are independent of each other: replicas share them one by one.
  const made = controller(deps, { reconciler, deadlineMs: DEADLINE_MS, shardOf: (key) => key, observe: syncMetrics(deps.meter ?? silentMeter) });
  const wakeFor = (kind: string, change: Change): void => {
    const owner = change.object.metadata.labels?.[LABEL.syncUid] ?? change.previous?.metadata.labels?.[LABEL.syncUid];
    const drifted = owner !== undefined && mayBeDrift(change);
    const ends = mayEndWaiting(kind, change);
    if (!drifted && !ends) return;
    for (const sync of syncs.list()) if ((drifted && sync.metadata.uid === owner) || (ends && isWaiting(sync))) made.wake(keyOf(sync));
  };
  return {
    ...made,
    get idle() {
      return made.idle;
    },
    async run(signal) {
      const followed = [...SYNCED_KINDS, Kinds.Namespace].map((kind) => view.informerOf(kind));
      const stops = followed.map((informer) => informer.onChange((change) => wakeFor(informer.spec.kind.kind, change)));
      // A pass trusts the caches: an object that is not in them yet would look as if it were gone.
      await Promise.all(followed.map((informer) => informer.whenSynced(signal)));
      try {
        await made.run(signal);
      } finally {
        for (const stop of stops) stop();
        await follower.close();
      }
    },
  };
}
