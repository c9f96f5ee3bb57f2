import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the action controllers ask of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["taskactions"], verbs: ["get", "list", "watch"] },
  { apiGroups: [GROUP], resources: ["taskactions/status"], verbs: ["patch"] },
  // For an owner reference that blocks, where the cluster checks that.
  { apiGroups: [GROUP], resources: ["taskactions/finalizers"], verbs: ["update"] },
  { apiGroups: [GROUP], resources: ["projects", "projectquotas"], verbs: ["list", "watch"] },
  // One cache for all namespaces; what it changes lies in namespaces of Projects.
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "create", "patch", "delete"], in: "projects" },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"], in: "projects" },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "list", "watch", "patch"] },
];
