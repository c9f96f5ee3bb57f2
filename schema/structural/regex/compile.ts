import { buildProgram } from "./program.ts";
import { matcher } from "./match.ts";
import { parseRegex } from "./parse.ts";
import { RegexProblem } from "./syntax.ts";

export type CompiledRegex = { readonly ok: true; readonly test: (text: string) => boolean } | { readonly ok: false; readonly problem: string };

/** RE2 syntax and meaning, matched without backtracking: no pattern can make it slow. */
export function compileRegex(source: string): CompiledRegex {
  try {
    return { ok: true, test: matcher(buildProgram(parseRegex(source))) };
  } catch (thrown) {
    if (thrown instanceof RegexProblem) return { ok: false, problem: `error parsing regexp: ${thrown.message}` };
    throw thrown;
  }
}
