import type { CelValue } from "./value.ts";

export type CelProblemCode = "SyntaxError" | "TypeError" | "UnknownName" | "ExpressionTooLarge";

/** Why an expression cannot be compiled. Offsets count UTF-16 units in the expression's text. */
export interface CelProblem {
  readonly code: CelProblemCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

export type CelErrorCode = "EvaluationError" | "ExpressionTimeout" | "ResultTooLarge";

/** What evaluating gave. Errors are values: an expression's failure is a failure of a node, not of a controller. */
export type CelResult = { readonly ok: true; readonly value: CelValue } | { readonly ok: false; readonly code: CelErrorCode; readonly message: string };
