import type { PolicyRule } from "../../base/index.ts";
import { GROUP } from "../../base/index.ts";

/** What the read-only API asks of the cluster: it follows three kinds, and writes nothing. */
export const needs: readonly PolicyRule[] = [{ apiGroups: [GROUP], resources: ["runs", "taskactions", "projects"], verbs: ["list", "watch"] }];
