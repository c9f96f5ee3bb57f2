import type { Api } from "./api.ts";
import { ok } from "./cluster.ts";

export const RBAC = "/apis/rbac.authorization.k8s.io/v1";

export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

export const roleRef = (kind: "Role" | "ClusterRole", name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });
export const userSubject = (name: string) => ({ kind: "User", apiGroup: "rbac.authorization.k8s.io", name });

/** A Role and a binding of a user to it, both called like the role. */
export async function grant(api: Api, namespace: string, user: string, name: string, rules: readonly Rule[]): Promise<void> {
  ok(await api.create(`${RBAC}/namespaces/${namespace}/roles`, { metadata: { name }, rules }));
  await bind(api, namespace, user, name, "Role");
}

/** Binds a user, in one namespace, to a role that is there. */
export async function bind(api: Api, namespace: string, user: string, role: string, kind: "Role" | "ClusterRole" = "ClusterRole"): Promise<void> {
  const metadata = { name: `${role}-${user}` };
  ok(await api.create(`${RBAC}/namespaces/${namespace}/rolebindings`, { metadata, roleRef: roleRef(kind, role), subjects: [userSubject(user)] }));
}
