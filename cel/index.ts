export { celTypeName, type CelType } from "./cel-type.ts";
export { type CelRequest, type Evaluator, type EvaluatorOptions, workerEvaluator } from "./evaluator.ts";
export { type Compilation, compileExpression, type CompiledExpression } from "./expression.ts";
export type { CelErrorCode, CelProblem, CelProblemCode, CelResult } from "./problem.ts";
export { compileRule, type CompiledRule, type RuleCompilation, type RuleOptions, type RuleResult } from "./rule.ts";
export { durationValue, optionalValue } from "./optional-value.ts";
export { ruleValue, type RuleSchema } from "./rule-value.ts";
export type { CelName, CelReference, CelScope } from "./scope.ts";
export type { CelDuration, CelFile, CelTimestamp, CelValue } from "./value.ts";
