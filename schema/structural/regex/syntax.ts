/** What a regular expression means, without how it was written. */
export type Regex =
  | { readonly kind: "empty" }
  | { readonly kind: "class"; readonly matches: (codePoint: number) => boolean }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "concat" | "alternate"; readonly parts: readonly Regex[] }
  | { readonly kind: "repeat"; readonly of: Regex; readonly min: number; readonly max: number };

export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordBoundary" | "notWordBoundary";

/** Thrown by the parser only; `compileRegex` turns it into a value. */
export class RegexProblem extends Error {}

/** RE2 refuses more; nested counts multiply. */
export const MAX_REPEAT = 1000;
