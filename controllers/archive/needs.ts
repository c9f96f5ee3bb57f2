import { GROUP, type PolicyRule } from "../../base/index.ts";

/** What the archive controller asks of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: ["runs"], verbs: ["list", "watch", "patch"] },
  { apiGroups: [GROUP], resources: ["taskactions"], verbs: ["list", "watch"] },
];
