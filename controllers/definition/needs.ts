import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the definition controllers ask of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["tasks", "workflows", "projectquotas"], verbs: ["list", "watch"] },
  { apiGroups: [GROUP], resources: ["tasks/status", "workflows/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];
