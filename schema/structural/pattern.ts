import { compileRegex } from "./regex/compile.ts";

/** A regular expression of RE2 syntax, or the reason why it is none. */
export interface Pattern {
  readonly source: string;
  readonly problem: string | undefined;
  /** Whether it matches somewhere in the text, in time linear in the text's length. False when there is a problem. */
  test(text: string): boolean;
}

/** Never throws. */
export function compilePattern(source: string): Pattern {
  const compiled = compileRegex(source);
  return compiled.ok ? { source, problem: undefined, test: compiled.test } : { source, problem: compiled.problem, test: () => false };
}
