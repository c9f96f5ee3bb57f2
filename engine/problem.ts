/** Why a definition does not compile, or what is odd about it. Every code is a reason in a condition and in `validate`. */
export type ProblemCode =
  | "AmbiguousName"
  | "CodeUnresolved"
  | "CycleDetected"
  | "DuplicateName"
  | "ExpressionInvalid"
  | "FileUnresolved"
  | "InputMissing"
  | "InputUnknown"
  | "InputUnused"
  | "InterfaceMismatch"
  | "InvalidName"
  | "InvalidType"
  | "InvalidValue"
  | "MapInvalid"
  | "NodeUnknown"
  | "NotImplemented"
  | "OutputUnknown"
  | "ReferenceInvalid"
  | "ResourceLimitExceeded"
  | "TaskInvalid"
  | "TaskUnknown"
  | "TemplateInvalid"
  | "TooManyNodes"
  | "TypeMismatch"
  | "UnsupportedStore"
  | "WorkflowInvalid"
  | "WorkflowUnknown";

/** One finding. `path` leads into the object (`["spec", "nodes", "train", "inputs", "rate"]`), so that a caller can map it to line and column. */
export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly severity: "error" | "warning";
  readonly object: { readonly kind: "Task" | "Workflow" | "Run"; readonly name: string };
}
