export { compile, type Compiler, compiler, type CompileResult, type CompileTarget, ROOT_NODE } from "./compile.ts";
export type { Definition, Definitions } from "./definitions.ts";
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
export { next } from "./next.ts";
export { type OpenPlan, openPlan } from "./open-plan.ts";
export type { Problem, ProblemCode } from "./problem.ts";
