import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the run controllers ask of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["runs"], verbs: ["list", "watch", "patch", "delete"] },
  { apiGroups: [GROUP], resources: ["runs/status"], verbs: ["patch"] },
  // For an owner reference that blocks, where the cluster checks that.
  { apiGroups: [GROUP], resources: ["runs/finalizers"], verbs: ["update"] },
  { apiGroups: [GROUP], resources: ["taskactions"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  { apiGroups: [GROUP], resources: ["tasks", "workflows", "triggers", "projectquotas"], verbs: ["list", "watch"] },
  { apiGroups: [GROUP], resources: ["projects"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];
