import type { CelType } from "./cel-type.ts";
import type { CelResult } from "./problem.ts";
import type { CelValue } from "./value.ts";

/** A compiled expression and the values of its variables. Plain data: it crosses to a worker as it is. */
export interface CelRequest {
  /** `CompiledExpression.text`. */
  readonly text: string;
  readonly variables: Readonly<Record<string, CelType>>;
  /** A value for every variable; null for an absent one of type optional. */
  readonly bindings: Readonly<Record<string, CelValue>>;
}

/** Evaluates user expressions. Never rejects for what the expression does: too slow, too large and failing are results. */
export interface Evaluator {
  evaluate(request: CelRequest): Promise<CelResult>;
  close(): Promise<void>;
}
