import type { Clock, Logger } from "../../base/index.ts";
import type { BlobStore, openRemoteData } from "../../blobs/index.ts";
import type { Evaluator } from "../../cel/index.ts";
import type { InformerSet } from "../../kube/index.ts";

export interface RunDeps {
  readonly informers: InformerSet;
  readonly blobs: BlobStore;
  /** How data that others own is read; absent: where it lies. */
  readonly openRemote?: typeof openRemoteData;
  readonly evaluator: Evaluator;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What this controller asks of the cluster, for the generated roles. */
export const RUN_NEEDS = [
  { groups: ["flyte.org"], resources: ["runs"], verbs: ["get", "list", "watch", "patch", "delete"] },
  { groups: ["flyte.org"], resources: ["runs/status"], verbs: ["patch"] },
  { groups: ["flyte.org"], resources: ["taskactions"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  { groups: ["flyte.org"], resources: ["tasks", "workflows", "triggers", "projects", "projectquotas"], verbs: ["get", "list", "watch"] },
  { groups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch"] },
  { groups: [""], resources: ["events"], verbs: ["create", "patch"] },
] as const;
