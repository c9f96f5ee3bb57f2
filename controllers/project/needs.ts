import { GROUP, type PolicyRule } from "../../base/index.ts";
import { BOUND_ROLES, STORAGE_SECRET_NAME } from "../../synth/index.ts";

/** What the project controller asks of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["projects"], verbs: ["list", "watch", "patch"] },
  { apiGroups: [GROUP], resources: ["projects/status"], verbs: ["patch"] },
  { apiGroups: [GROUP], resources: ["runs"], verbs: ["list"] },
  { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  // A namespace is furnished before any binding in it could say so: these hold everywhere.
  { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["create", "patch"] },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["create", "patch"] },
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings"], verbs: ["get", "create", "patch", "delete"] },
  // Whom it may let into a namespace, and as what: these roles and no other.
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["bind"], resourceNames: BOUND_ROLES },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];

/** What it asks besides where `storage.copySecret` is `projects`: one Secret, by the name that `storage.secretName` gives it. */
export const storageSecretNeeds: readonly PolicyRule[] = [
  { apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"], resourceNames: [STORAGE_SECRET_NAME], in: "system" },
  { apiGroups: [""], resources: ["secrets"], verbs: ["get", "patch"], resourceNames: [STORAGE_SECRET_NAME], in: "projects" },
  // What is created has no name yet when RBAC is asked.
  { apiGroups: [""], resources: ["secrets"], verbs: ["create"], in: "projects" },
];
