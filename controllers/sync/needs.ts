import { GROUP, type PolicyRule } from "../../base/index.ts";
import { allKinds } from "../../crds/index.ts";

/** Whatever a repository may hold. */
const SYNCED = allKinds.filter(({ kind }) => kind !== "TaskAction").map(({ plural }) => plural);

/** What the sync controller asks by itself of the Kubernetes API; nothing else. */
export const needs: readonly PolicyRule[] = [
  { apiGroups: [GROUP], resources: SYNCED, verbs: ["get", "list", "watch"] },
  { apiGroups: [GROUP], resources: ["gitsyncs"], verbs: ["patch"] },
  { apiGroups: [GROUP], resources: ["gitsyncs/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch"] },
  // The inventory, beside the GitSync.
  { apiGroups: [""], resources: ["configmaps"], verbs: ["list", "create", "patch"], in: "gitsyncs" },
  // What a repository holds is written, and the Secret with its credentials read, as the account of the GitSync, never as ourselves.
  { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get", "impersonate"], in: "gitsyncs" },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
];
