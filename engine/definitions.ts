import type { JsonObject } from "../base/index.ts";
import type { TaskLimits } from "./task-limits.ts";

/** A Task or Workflow as the compiler reads it. `spec` has been defaulted and validated by its kind's schema. */
export interface Definition {
  readonly kind: "Task" | "Workflow";
  readonly name: string;
  readonly spec: JsonObject;
}

/** The definitions of one namespace. */
export interface Definitions {
  task(name: string): Definition | undefined;
  workflow(name: string): Definition | undefined;
  /** For "did you mean". */
  taskNames(): readonly string[];
  workflowNames(): readonly string[];
  /** Of the ProjectQuota of the namespace; undefined where it sets none. */
  taskLimits(): TaskLimits | undefined;
}
