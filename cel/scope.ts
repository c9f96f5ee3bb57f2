import type { CelType } from "./cel-type.ts";

/** What a dotted path in an expression stands for: its first `length` segments name a value of this type. */
export interface CelName {
  readonly length: number;
  readonly type: CelType;
  /** The type when the path is written with `.?`: what the value is if it is there. Defaults to `type`. */
  readonly present?: CelType;
}

/** The names an expression may use. */
export interface CelScope {
  /** First segments (`inputs`, `nodes`, `run`): nothing else may be called so. */
  readonly roots: readonly string[];
  /** Resolves the longest usable prefix of a path, or says what is wrong with it. */
  resolve(path: readonly string[]): CelName | { readonly problem: string };
}

/** A name an expression uses: the path as written, and the variable that stands for it. */
export interface CelReference {
  readonly variable: string;
  readonly path: readonly string[];
  /** Kind `optional` when it was written with `.?`: bind null when the value is absent. */
  readonly type: CelType;
}
