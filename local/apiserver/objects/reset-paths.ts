export type FieldPath = readonly string[];

const STATUS: readonly FieldPath[] = [["status"]];
const CUSTOM_STATUS: readonly FieldPath[] = [["metadata"], ["spec"]];

/** Built-in kinds whose /status keeps other things than a custom resource's does. */
const BUILTIN_STATUS: Readonly<Record<string, readonly FieldPath[]>> = {
  Pod: [["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]],
  Node: [["spec"]],
  Namespace: [["spec"]],
  ResourceQuota: [["spec"]],
  Service: [["spec"]],
  Deployment: [["spec"], ["metadata", "labels"]],
  ReplicaSet: [["spec"]],
  CustomResourceDefinition: CUSTOM_STATUS,
};

const BUILTIN_GROUPS: ReadonlySet<string> = new Set(["", "apps", "apiextensions.k8s.io"]);

/** Paths an endpoint of a kind never lets a writer own: the status on the main endpoint (where there is a status subresource), other things on /status. */
export function resetPaths(kind: { readonly group: string; readonly kind: string; readonly hasStatus: boolean }, subresource: string): readonly FieldPath[] {
  if (subresource === "") return kind.hasStatus ? STATUS : [];
  if (subresource !== "status") return [];
  return (BUILTIN_GROUPS.has(kind.group) ? BUILTIN_STATUS[kind.kind] : undefined) ?? CUSTOM_STATUS;
}
