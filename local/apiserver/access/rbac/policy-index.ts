import type { KubeObject } from "../../../../kube/index.ts";
import type { User } from "../../request.ts";
import { type Entry, objectKey, type StoredEvent } from "../../storage/entry.ts";
import type { Store } from "../../storage/store.ts";
import type { PolicyRule } from "../../authorize.ts";

export const RBAC_GROUP = "rbac.authorization.k8s.io";
export const CLUSTER_ROLES = `${RBAC_GROUP}/clusterroles`;
export const CLUSTER_ROLE_BINDINGS = `${RBAC_GROUP}/clusterrolebindings`;
export const ROLES = `${RBAC_GROUP}/roles`;
export const ROLE_BINDINGS = `${RBAC_GROUP}/rolebindings`;

export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface Binding extends KubeObject {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

/** A binding and the subject of it that somebody is. */
export interface Grant {
  readonly binding: Binding;
  readonly subject: Subject;
  /** "" for a ClusterRoleBinding. */
  readonly namespace: string;
}

/** Who is granted what, found by subject instead of by reading every binding. Follows the store. */
export interface PolicyIndex {
  /** What holds everywhere, then what holds in the namespace (none for ""). Each binding once. */
  grants(user: User, namespace: string): Iterable<Grant>;
  /** The rules of a role; a text when there is none. */
  rulesOf(ref: RoleRef, namespace: string): readonly PolicyRule[] | string;
}

const userKey = (name: string): string => `u/${name}`;
const groupKey = (name: string): string => `g/${name}`;

function keyOfSubject({ kind, name, namespace = "" }: Subject, bindingNamespace: string): string | undefined {
  if (kind === "User") return userKey(name);
  if (kind === "Group") return groupKey(name);
  const home = namespace === "" ? bindingNamespace : namespace;
  return kind === "ServiceAccount" && home !== "" ? userKey(`system:serviceaccount:${home}:${name}`) : undefined;
}

/** subject → key of the binding → grant, of one scope */
type Scope = Map<string, Map<string, Grant>>;

function grantsOf(entry: Entry): [string, Grant][] {
  const binding = entry.object as unknown as Binding;
  const found: [string, Grant][] = [];
  for (const subject of binding.subjects ?? []) {
    const key = keyOfSubject(subject, entry.namespace);
    if (key !== undefined) found.push([key, { binding, subject, namespace: entry.namespace }]);
  }
  return found;
}

function drop(scope: Scope, entry: Entry): void {
  for (const [key] of grantsOf(entry)) {
    const held = scope.get(key);
    held?.delete(entry.key);
    if (held?.size === 0) scope.delete(key);
  }
}

function add(scope: Scope, entry: Entry): void {
  for (const [key, grant] of grantsOf(entry)) {
    const held = scope.get(key) ?? new Map<string, Grant>();
    if (!held.has(entry.key)) scope.set(key, held.set(entry.key, grant));
  }
}

function* grantsIn(scope: Scope | undefined, keys: readonly string[]): Generator<Grant> {
  if (!scope || scope.size === 0) return;
  const seen = new Set<string>();
  for (const key of keys) {
    for (const [binding, grant] of scope.get(key) ?? []) {
      if (seen.has(binding)) continue;
      seen.add(binding);
      yield grant;
    }
  }
}

/** Reads the bindings there are and follows them from now on. */
export function policyIndex(store: Store): PolicyIndex {
  const scopes = new Map<string, Scope>();
  const scopeOf = (namespace: string): Scope => {
    let scope = scopes.get(namespace);
    if (!scope) scopes.set(namespace, (scope = new Map()));
    return scope;
  };
  const follow = ({ type, entry, previous }: StoredEvent): void => {
    const scope = scopeOf(entry.namespace);
    if (previous) drop(scope, previous);
    if (type !== "DELETED") add(scope, entry);
    if (scope.size === 0) scopes.delete(entry.namespace);
  };
  for (const collection of [CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS]) {
    for (const entry of store.list(collection, "")) add(scopeOf(entry.namespace), entry);
    store.subscribe(collection, follow);
  }
  return {
    *grants(user, namespace) {
      const keys = [userKey(user.name), ...user.groups.map(groupKey)];
      yield* grantsIn(scopes.get(""), keys);
      if (namespace !== "") yield* grantsIn(scopes.get(namespace), keys);
    },
    rulesOf({ kind, name }, namespace) {
      if (kind !== "Role" && kind !== "ClusterRole") return `unsupported role reference kind: ${JSON.stringify(kind)}`;
      const entry = store.get(kind === "Role" ? objectKey(ROLES, namespace, name) : objectKey(CLUSTER_ROLES, "", name));
      if (!entry) return `${kind.toLowerCase()}.${RBAC_GROUP} ${JSON.stringify(name)} not found`;
      return (entry.object["rules"] ?? []) as readonly PolicyRule[];
    },
  };
}
