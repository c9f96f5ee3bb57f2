import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the quota controller asks of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["projectquotas", "runs"], verbs: ["list", "watch"] },
  { apiGroups: [GROUP], resources: ["projectquotas/status"], verbs: ["patch"] },
  // For an owner reference that blocks, where the cluster checks that.
  { apiGroups: [GROUP], resources: ["projectquotas/finalizers"], verbs: ["update"] },
  { apiGroups: [""], resources: ["resourcequotas", "limitranges"], verbs: ["create", "patch", "delete"], in: "projects" },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];
