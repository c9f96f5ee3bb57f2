import type { Definitions } from "./definitions.ts";
import type { Plan } from "./plan.ts";
import type { Problem } from "./problem.ts";

export interface CompileTarget {
  readonly kind: "Task" | "Workflow";
  readonly name: string;
}

export interface CompileResult {
  /** Absent when there is a problem of severity error. */
  readonly plan?: Plan;
  readonly problems: readonly Problem[];
  /** Definitions that were looked up, found or not: compiling again is due when one of them changes. `Task/split`. */
  readonly references: readonly string[];
}

/** Compiles one Workflow or Task together with everything it names. Every problem is reported at once. */
export function compile(_definitions: Definitions, _target: CompileTarget): CompileResult {
  throw new Error("unfinished");
}
