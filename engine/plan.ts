import type { CelType } from "../cel/index.ts";
import type { Json, JsonObject } from "../base/index.ts";

/** Version of the plan's own shape; a controller refuses others instead of guessing. */
export const PLAN_FORMAT = 1;

/**
 * What a Workflow or Task compiles to: canonical JSON, stored under its digest. It holds everything a run needs from the
 * definitions, so that editing them never changes a run that has begun.
 */
export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly target: { readonly kind: "Workflow" | "Task"; readonly name: string };
  /** Key of `graphs` where a run begins. */
  readonly root: string;
  /** One graph per Workflow used, by name; a Task-only plan has one graph with the node `a0`. */
  readonly graphs: Readonly<Record<string, PlanGraph>>;
  readonly tasks: Readonly<Record<string, PlanTask>>;
}

/** A parameter as authored, a bare type written as `{type}`. */
export interface PlanParameter {
  readonly type: string;
  readonly description?: string;
  readonly default?: Json;
  readonly columns?: JsonObject;
  readonly sensitive?: boolean;
  readonly download?: string;
}

export interface PlanOutput extends PlanParameter {
  readonly from: PlanSource;
}

export interface PlanGraph {
  readonly inputs: Readonly<Record<string, PlanParameter>>;
  readonly outputs: Readonly<Record<string, PlanOutput>>;
  /** In an order in which every node comes after what it depends on. */
  readonly nodes: readonly PlanNode[];
  readonly onFailure?: PlanNode;
  readonly failurePolicy: "FailImmediately" | "FailAfterRunningNodesComplete";
  readonly maxParallelism?: number;
  /** Milliseconds from the start of the run (or of the sub-workflow's first node). */
  readonly timeout?: number;
}

export interface PlanNode {
  readonly name: string;
  readonly kind: "task" | "workflow";
  /** Key of `tasks` or `graphs`. */
  readonly target: string;
  /** Names of the nodes this one waits for: data and `after` together, sorted. */
  readonly needs: readonly string[];
  /** Those of `after` alone: when all of them are Skipped, so is this node. */
  readonly after?: readonly string[];
  readonly inputs: Readonly<Record<string, PlanBinding>>;
  readonly map?: PlanMap;
  /** Milliseconds: of a task node one attempt, of a sub-workflow node the whole. */
  readonly timeout?: number;
  readonly timeouts?: JsonObject;
  readonly retries?: JsonObject;
  readonly interruptible?: boolean;
  readonly overrides?: JsonObject;
}

export interface PlanBinding {
  /** The declared type of the input that is bound (of a map's `over` input: the type of one item). */
  readonly type: string;
  readonly from: PlanSource;
}

export interface PlanMap {
  /** What is iterated: variable → the collection. Several are walked in step. */
  readonly over: Readonly<Record<string, PlanBinding>>;
  /** `keyed`: over a map or a directory; outputs are maps with the same keys. */
  readonly shape: "list" | "keyed";
  readonly concurrency?: number;
  readonly minSuccessRatio?: number;
  readonly failed: "Keep" | "Drop";
}

/** `.field` and `["k"]` are strings, `[0]` is a number. */
export type AttributePath = readonly (string | number)[];

/** Where a value comes from, in the words of one graph. */
export type PlanSource =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "blob"; readonly digest: string; readonly path: string; readonly directory: boolean }
  /** Data that is read where it lies. */
  | { readonly kind: "remote"; readonly uri: string }
  | { readonly kind: "input"; readonly name: string; readonly attributes?: AttributePath }
  | { readonly kind: "output"; readonly node: string; readonly name: string; readonly attributes?: AttributePath }
  | { readonly kind: "failures"; readonly node: string; readonly attributes?: AttributePath }
  | { readonly kind: "run"; readonly field: string }
  | PlanExpression;

export interface PlanExpression {
  readonly kind: "expr";
  /** As authored, for messages. */
  readonly expr: string;
  /** As the evaluator runs it. */
  readonly text: string;
  readonly type: CelType;
  readonly variables: Readonly<Record<string, { readonly cel: CelType; readonly type: string; readonly from: PlanSource }>>;
}

/** One Task as a plan carries it. */
export interface PlanTask {
  readonly name: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, PlanParameter>>;
  readonly outputs: Readonly<Record<string, PlanParameter>>;
  /** The Task's spec without `inputs` and `outputs`, and without the revision of its code: the digest says all, and a commit that changes nothing must not change the plan. */
  readonly spec: JsonObject;
}
