import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the app controller asks of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["apps"], verbs: ["list", "watch"] },
  { apiGroups: [GROUP], resources: ["apps/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];
