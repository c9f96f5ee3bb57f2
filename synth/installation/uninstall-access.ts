import { GROUP, type PolicyRule } from "../../base/index.ts";
import { allKinds } from "../../crds/index.ts";
import type { Manifest } from "../render.ts";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import { metadata } from "./metadata.ts";
import { NAME } from "./names.ts";

/** What `flyteops uninstall --keep-crds --drain-only` asks of the cluster. */
export const uninstallNeeds: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: allKinds.map(({ plural }) => plural), verbs: ["list", "patch"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "patch"] },
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["get"], resourceNames: ["taskactions.flyte.org"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "patch"], in: "system" },
];

const RBAC = "rbac.authorization.k8s.io";

/** The account of the Helm hook and its rights: hooks themselves, so that they are there for as long as it runs and no longer. */
export function uninstallAccess(version: string): Manifest[] {
  const annotations = { "helm.sh/hook": "pre-delete", "helm.sh/hook-weight": "-5", "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded" };
  const named = (namespace?: string) => metadata(NAME.uninstall, { version, component: "access", namespace, annotations });
  const rules = (place: PolicyRule["in"]) =>
    uninstallNeeds
      .filter((rule) => rule.in === place)
      .map(({ apiGroups, resources, verbs, resourceNames }) => ({ apiGroups, resources, verbs, ...(resourceNames ? { resourceNames } : {}) }));
  const subjects = [{ kind: "ServiceAccount", name: NAME.uninstall, namespace: SYSTEM_NAMESPACE }];
  const roleRef = (kind: string) => ({ apiGroup: RBAC, kind, name: NAME.uninstall });
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: named(SYSTEM_NAMESPACE) },
    { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: named(), rules: rules(undefined) },
    { apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata: named(), roleRef: roleRef("ClusterRole"), subjects },
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: named(SYSTEM_NAMESPACE), rules: rules("system") },
    { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata: named(SYSTEM_NAMESPACE), roleRef: roleRef("Role"), subjects },
  ];
}
