import { MAX_EXPRESSION_LENGTH, newEnvironment } from "./environment.ts";
import { problemOf, summaryOf } from "./library-error.ts";
import type { CelProblem } from "./problem.ts";

/** What a rule gave; an evaluation error is a value. Integers come back as bigint. */
export type RuleResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** A rule over JSON objects, as CustomResourceDefinitions carry in `x-kubernetes-validations`. */
export interface CompiledRule {
  /** The type CEL inferred: `bool`, `string`, `dyn`, … */
  readonly type: string;
  /** Variables are values made by `ruleValue`. */
  evaluate(variables: Readonly<Record<string, unknown>>): RuleResult;
}

export interface RuleOptions {
  /** Names the rule may use; all are dyn. Default: `self` and `oldSelf`. */
  readonly variables?: readonly string[];
}

export type RuleCompilation = { readonly ok: true; readonly rule: CompiledRule } | { readonly ok: false; readonly problems: readonly CelProblem[] };

const TOO_LONG: CelProblem = {
  code: "ExpressionTooLarge",
  message: `an expression may have at most ${MAX_EXPRESSION_LENGTH} characters`,
  start: 0,
  end: MAX_EXPRESSION_LENGTH,
};

/**
 * Compiles a rule for evaluation in this process. It has no deadline: only for rules of installed CRDs over objects
 * whose size is bounded. User expressions go through `Evaluator`.
 */
export function compileRule(expression: string, options: RuleOptions = {}): RuleCompilation {
  if (expression.length > MAX_EXPRESSION_LENGTH) return { ok: false, problems: [TOO_LONG] };
  const environment = newEnvironment();
  for (const name of options.variables ?? ["self", "oldSelf"]) environment.registerVariable(name, "dyn");
  try {
    const parsed = environment.parse(expression);
    const checked = parsed.check();
    if (!checked.valid) return { ok: false, problems: [problemOf(checked.error, expression.length)] };
    return { ok: true, rule: { type: checked.type ?? "dyn", evaluate: (variables) => run(parsed, variables) } };
  } catch (thrown) {
    return { ok: false, problems: [problemOf(thrown, expression.length)] };
  }
}

function run(parsed: (context: Record<string, unknown>) => unknown, variables: Readonly<Record<string, unknown>>): RuleResult {
  try {
    return { ok: true, value: parsed({ ...variables }) };
  } catch (thrown) {
    return { ok: false, message: summaryOf(thrown) };
  }
}
