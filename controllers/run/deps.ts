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
