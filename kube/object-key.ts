import type { KindRef, KubeObject, ObjectRef, OwnerReference } from "./object.ts";

/** `namespace/name`, or `name` for a cluster-scoped object: what queues and caches are keyed by. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name?: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name ?? ""}` : (name ?? "");
}

export function refOfKey(key: string): ObjectRef {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function apiVersionOf(kind: Pick<KindRef, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** The reference that makes `owner` the controlling owner: deleting it deletes what carries the reference. */
export function controllerReference(kind: KindRef, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name ?? "",
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Keys of the object's controlling owner when that owner is of this kind: what most secondary watches map to. */
export function ownerKeys(kind: KindRef): (object: KubeObject) => string[] {
  const apiVersion = apiVersionOf(kind);
  return (object) => {
    const owner = controllerOf(object);
    if (owner?.kind !== kind.kind || owner.apiVersion !== apiVersion) return [];
    return [kind.namespaced ? `${object.metadata.namespace ?? ""}/${owner.name}` : owner.name];
  };
}

/** Resource versions are decimal numbers that only grow; negative when `left` is older. */
export function compareResourceVersions(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
