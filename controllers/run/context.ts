import type { Run, RunSpec, TaskAction } from "../../crds/index.ts";
import type { OpenPlan, ValueFact } from "../../engine/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { Literal } from "../../proto/index.ts";

/** What one pass over a run works with. */
export interface RunContext {
  readonly run: Stored<Run>;
  /** The Run's spec; for a Run of a Trigger, with what the Trigger says merged in. */
  readonly spec: RunSpec;
  readonly plan: OpenPlan;
  readonly project: string;
  readonly domain: string;
  /** Key prefix of everything the run writes. */
  readonly base: string;
  /** Where remote data may lie: the Project's list as it was when the run started. */
  readonly dataPrefixes: readonly string[];
  /** Actions of this run by action path. */
  readonly actions: ReadonlyMap<string, Stored<TaskAction>>;
  readonly memory: RunMemory;
}

/** What is remembered of a run between passes. Losing it costs reading and evaluating again, nothing else. */
export interface RunMemory {
  /** Values that answered needs, by key. */
  readonly values: Map<string, Literal>;
  readonly answers: Map<string, ValueFact>;
}
