import type { Clock, Logger, Random } from "../../base/index.ts";
import type { BlobStore } from "../../blobs/index.ts";
import type { InformerSet, PodLogs } from "../../kube/index.ts";
import type { PluginConfig, PluginRegistry } from "../../plugins/index.ts";

export interface ActionConfig {
  readonly plugin: PluginConfig;
  /** Root of the object store as pods reach it; default: as we do. */
  readonly storage?: string;
  /** How long a program may take to stop when it is aborted or out of time. Default 30. */
  readonly stopGraceSeconds?: number;
  /** How often the progress of a running attempt is looked up, milliseconds. Default 5,000; 0 never. */
  readonly progressIntervalMs?: number;
  /** Pods of succeeded items are kept (for their logs) in maps of up to this many items. Default 256. */
  readonly keepItemPods?: number;
}

export interface ActionDeps {
  readonly informers: InformerSet;
  readonly blobs: BlobStore;
  readonly plugins: PluginRegistry;
  readonly config: ActionConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For the last lines of a program that failed; without it, what Kubernetes kept of them. */
  readonly podLogs?: PodLogs;
}
