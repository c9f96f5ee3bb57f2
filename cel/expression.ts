import type { CelType } from "./cel-type.ts";
import type { CelProblem } from "./problem.ts";

/** What a dotted path in an expression stands for: the first `length` segments name a value of this type. */
export interface CelName {
  readonly length: number;
  readonly type: CelType;
}

/** The names an expression may use. */
export interface CelScope {
  /** First segments (`inputs`, `nodes`, `run`): iteration variables may not be called so. */
  readonly roots: readonly string[];
  /** Resolves the longest usable prefix of a path, or says what is wrong with it. */
  resolve(path: readonly string[]): CelName | { readonly problem: string };
}

/** A name an expression uses: `path` as written, what it is, and the variable that stands for it in `text`. */
export interface CelReference {
  readonly variable: string;
  readonly path: readonly string[];
  readonly type: CelType;
}

export interface CompiledExpression {
  /** The expression with every name replaced by its variable and integer literals beside floats written as floats. */
  readonly text: string;
  readonly type: CelType;
  readonly references: readonly CelReference[];
}

export type Compilation = { readonly ok: true; readonly expression: CompiledExpression } | { readonly ok: false; readonly problems: readonly CelProblem[] };

/** Type-checks an expression over the names of a scope. Never evaluates anything. */
export function compileExpression(_text: string, _scope: CelScope): Compilation {
  throw new Error("unfinished");
}
