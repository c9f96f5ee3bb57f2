import type { Clock, Logger, Random } from "../../base/index.ts";
import type { Admission } from "./access/admission.ts";
import type { KindRegistry } from "./kinds/registry.ts";
import type { PodLogSource } from "./pod-log-source.ts";
import type { PodStreams } from "./pod-streams.ts";
import type { Entry } from "./storage/entry.ts";
import type { Store } from "./storage/store.ts";

/** What every verb works with. */
export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly store: Store;
  readonly kinds: KindRegistry;
  readonly admission: Admission;
  readonly podLogs: PodLogSource | undefined;
  readonly podStreams: PodStreams | undefined;
  /** The latest watch frame of an entry, made once for all its watchers. */
  readonly frames: WeakMap<Entry, { readonly type: string; readonly frame: Buffer }>;
  /** Aborted when the server closes: ends every stream. */
  readonly closing: AbortSignal;
}
