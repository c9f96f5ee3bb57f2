import {
  controllerOf,
  controllerReference,
  ignoreNotFound,
  type Informer,
  isConflict,
  isNotFound,
  type KindRef,
  type KubeObject,
  type ObjectClient,
  type Stored,
} from "../../kube/index.ts";
import { selects } from "./label-selector.ts";
import type { LabelSelector } from "./workload-shapes.ts";

export interface ClaimDeps<T extends KubeObject> {
  readonly client: ObjectClient;
  /** What is claimed. */
  readonly informer: Informer<T>;
  readonly kind: KindRef;
  readonly ownerKind: KindRef;
}

type Owner = Stored<KubeObject & { spec: { selector: LabelSelector } }>;

/** Index of an informer by namespace. */
export const BY_NAMESPACE = "namespace";

/**
 * The objects of an owner: those that name it as their controller and that its selector selects. Orphans that are
 * selected are adopted; owned ones that are selected no longer are let go. An owner that is being deleted adopts nothing.
 */
export async function claim<T extends KubeObject>(deps: ClaimDeps<T>, owner: Owner): Promise<Stored<T>[]> {
  const { namespace = "", uid, deletionTimestamp } = owner.metadata;
  const mine: Stored<T>[] = [];
  for (const object of deps.informer.byIndex(BY_NAMESPACE, namespace)) {
    const controller = controllerOf(object);
    const selected = selects(owner.spec.selector, object.metadata.labels);
    if (controller && controller.uid !== uid) continue;
    if (controller && selected) mine.push(object);
    else if (controller && deletionTimestamp === undefined) await release(deps, owner, object);
    else if (!controller && selected && deletionTimestamp === undefined && object.metadata.deletionTimestamp === undefined) {
      const adopted = await adopt(deps, owner, object);
      if (adopted) mine.push(adopted);
    }
  }
  return mine;
}

async function patchOwners<T extends KubeObject>(deps: ClaimDeps<T>, object: Stored<T>, ownerReferences: unknown): Promise<Stored<T> | undefined> {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const body = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    const written = await deps.client.patch<T>(deps.kind, { namespace, name }, { type: "merge", body });
    deps.informer.wrote(written);
    return written;
  } catch (thrown) {
    // It changed or went meanwhile: the watch will say so, and the owner looks again.
    if (isNotFound(thrown) || isConflict(thrown)) return undefined;
    throw thrown;
  }
}

async function adopt<T extends KubeObject>(deps: ClaimDeps<T>, owner: Owner, object: Stored<T>): Promise<Stored<T> | undefined> {
  // The cache may not know yet that the owner is going, or is another of that name.
  const fresh = await deps.client.get(deps.ownerKind, { namespace: owner.metadata.namespace, name: owner.metadata.name }).catch(ignoreNotFound);
  if (fresh?.metadata.uid !== owner.metadata.uid || fresh.metadata.deletionTimestamp !== undefined) return undefined;
  return patchOwners(deps, object, [...(object.metadata.ownerReferences ?? []), controllerReference(deps.ownerKind, owner)]);
}

async function release<T extends KubeObject>(deps: ClaimDeps<T>, owner: Owner, object: Stored<T>): Promise<void> {
  const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  await patchOwners(deps, object, others.length > 0 ? others : null);
}
