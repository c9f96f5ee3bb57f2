import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the trigger controller asks of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["triggers", "workflows", "tasks", "gitsyncs"], verbs: ["list", "watch"] },
  { apiGroups: [GROUP], resources: ["triggers/status"], verbs: ["patch"] },
  { apiGroups: [GROUP], resources: ["runs"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];
