export { formOf } from "./binding-form.ts";
export { celOfLiteral, isMisfit, literalOfCel, type Misfit } from "./cel-values.ts";
export { compile, type Compiler, compiler, type CompileResult, type CompileTarget, ROOT_NODE } from "./compile.ts";
export type { Definition, Definitions } from "./definitions.ts";
export { encodePlan } from "./encode-plan.ts";
export type {
  ActionError,
  ActionFact,
  ActionPhase,
  Counts,
  Decision,
  Facts,
  MapRef,
  Need,
  NodePhase,
  NodeReport,
  Resolved,
  ResolvedInput,
  RunError,
  RunPhase,
  Start,
  ValueFact,
} from "./facts.ts";
export {
  type AttributePath,
  type Plan,
  PLAN_FORMAT,
  type PlanBinding,
  type PlanExpression,
  type PlanGraph,
  type PlanMap,
  type PlanNode,
  type PlanOutput,
  type PlanParameter,
  type PlanSource,
  type PlanTask,
} from "./plan.ts";
export { defaultOf, parametersOfPlan } from "./parameters.ts";
export { refuseUnsupported } from "./not-implemented.ts";
export { findings, type Findings } from "./findings.ts";
export { parsedType } from "./resolve.ts";
export { SLICE_SIZE, sliceAction } from "./slices.ts";
export { next } from "./next.ts";
export { type OpenPlan, openPlan } from "./open-plan.ts";
export { QUOTA_REFERENCE, type TaskLimits } from "./task-limits.ts";
export type { Problem, ProblemCode } from "./problem.ts";
export { startKey } from "./states.ts";
