import { environmentFor } from "./expression.ts";
import type { CelRequest, Evaluator } from "./evaluator.ts";
import { summaryOf } from "./library-error.ts";
import type { CelResult } from "./problem.ts";
import { fromRuntime, ResultTooLarge, toRuntime } from "./runtime-value.ts";

/** Evaluates here and now, without any deadline: what the worker does with a request. */
export function evaluateNow({ text, variables, bindings }: CelRequest): CelResult {
  try {
    const values = Object.fromEntries(Object.entries(variables).map(([name, type]) => [name, toRuntime(bindings[name] ?? null, type)]));
    const parsed = environmentFor(variables).parse(text);
    parsed.check();
    return { ok: true, value: fromRuntime(parsed(values)) };
  } catch (thrown) {
    if (thrown instanceof ResultTooLarge) return { ok: false, code: "ResultTooLarge", message: thrown.message };
    return { ok: false, code: "EvaluationError", message: summaryOf(thrown) };
  }
}

/** Evaluates in this thread, without any deadline: for tests, and for expressions that nobody else wrote. */
export const inlineEvaluator: Evaluator = {
  evaluate: (request) => Promise.resolve(evaluateNow(request)),
  close: () => Promise.resolve(),
};
