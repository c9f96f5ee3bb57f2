import { compileRule } from "../../cel/index.ts";

/** A CEL expression over `self` and `oldSelf`, compiled; or, when it cannot be, a problem that every evaluation repeats. */
export interface CompiledExpression {
  readonly problem: string | undefined;
  /** What CEL infers it gives: `bool`, `string`, …; `dyn` when that is known only when it runs. */
  readonly type: string;
  /** Values as `cel/` takes them (see `celValue`). */
  evaluate(variables: Readonly<Record<string, unknown>>): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };
}

export type ExpressionCompiler = (expression: string) => CompiledExpression;

/** The compiler used outside tests. */
export const compileWithCel: ExpressionCompiler = (expression) => {
  const compiled = compileRule(expression);
  if (compiled.ok) return { problem: undefined, type: compiled.rule.type, evaluate: (variables) => compiled.rule.evaluate(variables) };
  const problem = compiled.problems.map((one) => one.message).join("; ");
  return { problem, type: "dyn", evaluate: () => ({ ok: false, message: problem }) };
};
