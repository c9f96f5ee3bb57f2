import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

const flyte = (...resources: readonly string[]) => ({ group: "flyte.org", resources });

/**
 * What the API server writes down: every write that decides something about a Run, with what came of it, by whom and when. It is the one place
 * that every writer passes, and it knows nothing of ours.
 */
const POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  omitManagedFields: true,
  rules: [
    { level: "None", verbs: ["get", "list", "watch"] },
    { level: "RequestResponse", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }], namespaces: ["flyteops-system"] },
    { level: "RequestResponse", resources: [flyte("taskactions", "taskactions/status", "runs/status")] },
    { level: "Metadata", resources: [flyte()] },
    { level: "Metadata", resources: [{ group: "", resources: ["pods"] }], verbs: ["create", "delete"] },
    { level: "None" },
  ],
} as const;

export interface Audit {
  /** One event in JSON per line, in the order in which requests ended. */
  readonly log: string;
  /** For kube-apiserver. */
  readonly flags: readonly string[];
}

/** @param directory where the policy and the log lie */
export function auditOf(directory: string): Audit {
  const policy = join(directory, "audit-policy.yaml");
  const log = join(directory, "audit.log");
  writeFileSync(policy, stringify(POLICY));
  // Blocking: what has been answered has been written down.
  return { log, flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, "--audit-log-mode=blocking"] };
}
