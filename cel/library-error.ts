import type { CelProblem, CelProblemCode } from "./problem.ts";

interface LibraryError {
  readonly name: string;
  readonly code?: string;
  readonly summary?: string;
  readonly message: string;
  readonly range?: { readonly start: number; readonly end: number };
}

function codeOf(error: LibraryError): CelProblemCode {
  if (error.name === "ParseError") return /limit|exceed/i.test(error.code ?? "") ? "ExpressionTooLarge" : "SyntaxError";
  return error.code === "unknown_variable" ? "UnknownName" : "TypeError";
}

/** The first line of what the library says: the rest is a drawing of the position, which we carry as offsets. */
export function summaryOf(thrown: unknown): string {
  const error = thrown as LibraryError;
  return error.summary ?? String(error.message ?? thrown).split("\n")[0]!;
}

/** A parse or type error of the library as one of our problems. */
export function problemOf(thrown: unknown, length: number): CelProblem {
  const error = thrown as LibraryError;
  return { code: codeOf(error), message: summaryOf(error), start: error.range?.start ?? 0, end: error.range?.end ?? length };
}
