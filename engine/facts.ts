import type { CelType } from "../cel/index.ts";
import type { Json } from "../base/index.ts";
import type { AttributePath, PlanNode } from "./plan.ts";

export type ActionPhase = "Queued" | "WaitingForResources" | "Initializing" | "Running" | "Succeeded" | "Failed" | "Aborted" | "TimedOut" | "Skipped";

export interface ActionError {
  readonly code: string;
  readonly kind: "USER" | "SYSTEM";
  readonly message: string;
}

export interface RunError extends ActionError {
  /** Path of the node that failed; absent for the run's own timeout or bad inputs. */
  readonly node?: string;
  readonly attempt?: number;
}

/** What the cluster says about one action. */
export interface ActionFact {
  readonly phase: ActionPhase;
  readonly error?: ActionError;
  readonly cached?: boolean;
  /** Milliseconds since the epoch. */
  readonly startTime?: number;
  readonly endTime?: number;
  readonly attempt?: number;
  readonly items?: { readonly succeeded: number; readonly failed: number };
  /** How many actions the map node was cut into, as written when this one was made. */
  readonly slices?: number;
}

/** The answer to a need, by its key. `lengths` answers a need of kind `lengths`. */
export type ValueFact = { readonly ok: true; readonly lengths?: Readonly<Record<string, number>> } | { readonly ok: false; readonly error: ActionError };

/** Everything that has happened to a run. Facts only ever grow: an action that ended stays ended. */
export interface Facts {
  /** This moment, in milliseconds since the epoch: the shell reads the clock, the engine does not. */
  readonly now: number;
  /** When the run started. */
  readonly startTime: number;
  readonly aborted: boolean;
  readonly suspended: boolean;
  /** The Run's own limit of actions at once; undefined: the workflow's. */
  readonly maxParallelism?: number;
  /** The Run's own timeout in milliseconds; undefined: the workflow's. */
  readonly timeout?: number;
  /** How many more actions the namespace lets start now; undefined: no limit. */
  readonly startBudget?: number;
  /** The run's failure as already recorded: the first one stays. */
  readonly cause?: { readonly phase: "Failed" | "TimedOut"; readonly error: RunError };
  /** By action path. */
  readonly actions: ReadonlyMap<string, ActionFact>;
  /** By key of the need. */
  readonly values: ReadonlyMap<string, ValueFact>;
}

/** Where a value is, with every graph boundary already crossed. `type` is the value's own type. */
export type Resolved =
  | { readonly kind: "none" }
  | { readonly kind: "literal"; readonly type: string; readonly value: Json }
  | { readonly kind: "blob"; readonly type: string; readonly digest: string; readonly path: string; readonly directory: boolean }
  | { readonly kind: "remote"; readonly type: string; readonly uri: string }
  | { readonly kind: "input"; readonly type: string; readonly name: string }
  | { readonly kind: "output"; readonly type: string; readonly action: string; readonly name: string }
  | { readonly kind: "mapOutput"; readonly type: string; readonly map: MapRef; readonly name: string }
  | { readonly kind: "failures"; readonly type: string; readonly map: MapRef }
  | { readonly kind: "run"; readonly type: string; readonly field: string; readonly error?: RunError }
  /** What answers this need: the shell may have forgotten it and find it out again. */
  | { readonly kind: "value"; readonly type: string; readonly need: Need };

/** A map node's slices, in order, and how their outputs are joined. */
export interface MapRef {
  readonly node: string;
  /** Action paths. */
  readonly slices: readonly string[];
  readonly shape: "list" | "keyed";
  readonly failed: "Keep" | "Drop";
  /** Where the keys come from when `shape` is keyed. */
  readonly over: Readonly<Record<string, Resolved>>;
}

/** A value and the declared type of where it goes: equal, or wider by a union. */
export interface ResolvedInput {
  readonly type: string;
  readonly from: Resolved;
}

/** Something the shell must find out before the engine can go on. The same need has the same key every time. */
export type Need =
  /** A part of a value. */
  | { readonly kind: "load"; readonly key: string; readonly type: string; readonly of: Resolved; readonly attributes: AttributePath }
  | {
      readonly kind: "evaluate";
      readonly key: string;
      /** The type the result must have. */
      readonly type: string;
      readonly expr: string;
      readonly text: string;
      readonly variables: Readonly<Record<string, { readonly cel: CelType; readonly type: string; readonly of: Resolved }>>;
    }
  /** How many elements each collection has. */
  | { readonly kind: "lengths"; readonly key: string; readonly over: Readonly<Record<string, Resolved>> };

/** An action to create. Its name is derived from `action`, so that asking twice creates once. */
export interface Start {
  /** Node path, and for the second and later slices of a map `path[offset:]`. */
  readonly action: string;
  /** Node path as people write it. */
  readonly node: string;
  /** Task name in the plan. */
  readonly task: string;
  /** The node as the plan has it: overrides, retries and timeout are there. */
  readonly declared: PlanNode;
  readonly inputs: Readonly<Record<string, ResolvedInput>>;
  readonly map?: {
    readonly over: Readonly<Record<string, ResolvedInput>>;
    readonly shape: "list" | "keyed";
    readonly offset: number;
    readonly count: number;
    /** How many slices the node has; items of all of them together share `minSuccessRatio`. */
    readonly slices: number;
  };
  /** Milliseconds since the epoch; the attempt must not outlive it. */
  readonly deadline?: number;
}

export type RunPhase = "Running" | "Succeeded" | "Failed" | "Aborting" | "Aborted" | "TimedOut";

export interface Counts {
  readonly total: number;
  readonly succeeded: number;
  readonly running: number;
  readonly failed: number;
  readonly cached: number;
  readonly waiting: number;
  readonly skipped: number;
  readonly aborted: number;
}

export type NodePhase = "Waiting" | "Ready" | ActionPhase;

export interface NodeReport {
  readonly path: string;
  readonly phase: NodePhase;
  /** Why it waits or was skipped, for people. */
  readonly reason?: string;
}

export interface Decision {
  readonly needs: readonly Need[];
  readonly start: readonly Start[];
  /** Action paths to stop. */
  readonly abort: readonly string[];
  readonly run: {
    readonly phase: RunPhase;
    readonly error?: RunError;
    /** When the phase is Succeeded. */
    readonly outputs?: Readonly<Record<string, ResolvedInput>>;
    readonly counts: Counts;
    readonly nodes: readonly NodeReport[];
  };
  /** Ask again at this moment even if nothing happens. */
  readonly wakeAt?: number;
}
