import type { CelType } from "../cel/index.ts";
import type { Json } from "../base/index.ts";
import type { AttributePath } from "./plan.ts";

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
  /** The Run's own limit; a number ≤ 0 means none. Undefined: the workflow's. */
  readonly maxParallelism?: number;
  /** The Run's own timeout in milliseconds; undefined: the workflow's. */
  readonly timeout?: number;
  /** How many more actions the namespace lets start now. Undefined: no limit. */
  readonly startBudget?: number;
  /** The run's failure as already recorded: the first one stays. */
  readonly cause?: { readonly phase: "Failed" | "TimedOut"; readonly error: RunError };
  /** By action path. */
  readonly actions: ReadonlyMap<string, ActionFact>;
  /** By key of the need. */
  readonly values: ReadonlyMap<string, ValueFact>;
}

/** Where a value is, with every graph boundary already crossed. */
export type Resolved =
  | { readonly kind: "literal"; readonly type: string; readonly value: Json }
  | { readonly kind: "blob"; readonly type: string; readonly digest: string; readonly path: string; readonly directory: boolean }
  | { readonly kind: "input"; readonly name: string; readonly type: string }
  | { readonly kind: "none" }
  | { readonly kind: "output"; readonly action: string; readonly name: string; readonly type: string }
  | { readonly kind: "mapOutput"; readonly map: MapRef; readonly name: string; readonly type: string }
  | { readonly kind: "failures"; readonly map: MapRef }
  | { readonly kind: "run"; readonly field: string; readonly error?: RunError; readonly phase?: string }
  /** The value that answered (or will answer) the need with this key. */
  | { readonly kind: "value"; readonly key: string; readonly need: Need }
  | { readonly kind: "attributes"; readonly of: Resolved; readonly type: string; readonly attributes: AttributePath };

/** A map node's slices, in order, and how their outputs are joined. */
export interface MapRef {
  readonly path: string;
  readonly slices: readonly string[];
  readonly shape: "list" | "keyed";
  readonly failed: "Keep" | "Drop";
}

/** Something the shell must find out before the engine can go on. The same need has the same key every time. */
export type Need =
  | { readonly kind: "load"; readonly key: string; readonly type: string; readonly of: Resolved }
  | {
      readonly kind: "evaluate";
      readonly key: string;
      /** The type the result must have. */
      readonly type: string;
      readonly expr: string;
      readonly text: string;
      readonly variables: Readonly<Record<string, { readonly cel: CelType; readonly type: string; readonly of: Resolved }>>;
    }
  | { readonly kind: "lengths"; readonly key: string; readonly over: Readonly<Record<string, Resolved>>; readonly shape: "list" | "keyed" };

/** An action to create. Its name is derived from `action`, so that asking twice creates once. */
export interface Start {
  /** Node path, and for the second and later slices of a map `path[offset:]`. */
  readonly action: string;
  /** Node path as people write it. */
  readonly node: string;
  /** Task name in the plan. */
  readonly task: string;
  /** Graph and node that declare it: overrides, retries, timeout are there. `onFailure` is true for a failure node. */
  readonly graph: string;
  readonly name: string;
  readonly onFailure: boolean;
  readonly inputs: Readonly<Record<string, Resolved>>;
  readonly map?: { readonly over: Readonly<Record<string, Resolved>>; readonly offset: number; readonly count: number; readonly slices: number };
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
    readonly outputs?: Readonly<Record<string, Resolved>>;
    readonly counts: Counts;
    readonly nodes: readonly NodeReport[];
  };
  /** Ask again at this moment even if nothing happens. */
  readonly wakeAt?: number;
}
