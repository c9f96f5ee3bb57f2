import type { JsonObject } from "../base/index.ts";
import type { Run } from "../crds/index.ts";
import type { Stored } from "../kube/index.ts";

/** What a Run can be a run of, as found in the cluster. */
export interface RunTarget {
  readonly field: "workflow" | "task" | "trigger";
  readonly name: string;
  readonly namespace: string;
  readonly inputs: JsonObject | undefined;
  /** Called with the Run once it is made. */
  readonly created?: (run: Stored<Run>) => Promise<void>;
}
