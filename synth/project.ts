import type { Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { LABEL, namespaceOf } from "../base/index.ts";
import { inOrder, type Manifest, render } from "./render.ts";
import { PROJECT_ACCESS, PROJECT_ROLES, type ProjectRole, SYSTEM_NAMESPACE } from "./tenancy.ts";

export interface Subject {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
}

/** What of a Project decides the content of its namespaces. */
export interface ProjectInput {
  readonly name: string;
  readonly uid: string;
  readonly domain: string;
  readonly access?: { readonly viewers?: readonly Subject[] | undefined; readonly editors?: readonly Subject[] | undefined } | undefined;
  readonly defaults?: { readonly serviceAccountName?: string | undefined } | undefined;
}

/** The account that a tenant GitSync of this project acts as. */
export function syncAccountOf(project: string): string {
  return `${project}-sync`;
}

function subjectsOf(subjects: readonly Subject[]): k8s.Subject[] {
  const apiGroup = API_GROUP;
  return subjects.map(({ user, group }) => (group === undefined ? { apiGroup, kind: "User", name: user ?? "" } : { apiGroup, kind: "Group", name: group }));
}

function namespace(chart: Chart, input: ProjectInput, name: string): k8s.KubeNamespace {
  return new k8s.KubeNamespace(chart, "namespace", {
    metadata: {
      name,
      labels: {
        [LABEL.project]: input.name,
        [LABEL.domain]: input.domain,
        [LABEL.projectUid]: input.uid,
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/warn": "restricted",
      },
    },
  });
}

function accounts(chart: Chart, input: ProjectInput, name: string): k8s.KubeServiceAccount[] {
  const runAs = input.defaults?.serviceAccountName;
  const names = [syncAccountOf(input.name), ...(runAs && runAs !== "default" ? [runAs] : [])];
  // Neither account is meant for a pod that talks to the API by itself: the token is mounted only where a pod asks for it.
  return names.map(
    (account) => new k8s.KubeServiceAccount(chart, `account-${account}`, { metadata: { name: account, namespace: name }, automountServiceAccountToken: false }),
  );
}

const API_GROUP = "rbac.authorization.k8s.io";

function binding(chart: Chart, namespace: string, role: string, subjects: k8s.Subject[]): k8s.KubeRoleBinding[] {
  if (subjects.length === 0) return [];
  const roleRef = { apiGroup: API_GROUP, kind: "ClusterRole", name: role };
  return [new k8s.KubeRoleBinding(chart, `${role}-binding`, { metadata: { name: role, namespace }, roleRef, subjects })];
}

/** People and the sync account by the ClusterRoles of tenants; the controllers by those that the installation wrote for them. */
function bindings(chart: Chart, input: ProjectInput, name: string): k8s.KubeRoleBinding[] {
  const subjects: Record<ProjectRole, k8s.Subject[]> = {
    "flyte-viewer": subjectsOf(input.access?.viewers ?? []),
    "flyte-editor": subjectsOf(input.access?.editors ?? []),
    "flyte-sync": [{ kind: "ServiceAccount", name: syncAccountOf(input.name), namespace: name }],
  };
  const controllers = Object.entries(PROJECT_ACCESS).flatMap(([account, role]) =>
    binding(chart, name, role, [{ kind: "ServiceAccount", name: account, namespace: SYSTEM_NAMESPACE }]),
  );
  return [...controllers, ...PROJECT_ROLES.flatMap((role) => binding(chart, name, role, subjects[role]))];
}

/** Pods of a project may call out; only pods of the same namespace may call in. */
function network(chart: Chart, name: string): k8s.KubeNetworkPolicy {
  return new k8s.KubeNetworkPolicy(chart, "network", {
    metadata: { name: "flyte-same-namespace", namespace: name },
    spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ from: [{ podSelector: {} }] }] },
  });
}

/**
 * What one domain of a Project implies, in the order to apply it: Namespace, ServiceAccounts, RoleBindings,
 * NetworkPolicy. None of them has an owner reference: garbage collection must never take a namespace with its Project.
 */
export function projectManifests(input: ProjectInput): Manifest[] {
  const name = namespaceOf({ project: input.name, domain: input.domain });
  return render((chart) => {
    inOrder([namespace(chart, input, name), ...accounts(chart, input, name), ...bindings(chart, input, name), network(chart, name)]);
  });
}
