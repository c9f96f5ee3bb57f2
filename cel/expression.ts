import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import { celTypeName, type CelType, parseCelTypeName } from "./cel-type.ts";
import { MAX_EXPRESSION_LENGTH, newEnvironment } from "./environment.ts";
import { literalsBesideFloats, literalsInFloatLists } from "./float-literals.ts";
import { problemOf } from "./library-error.ts";
import type { CelProblem } from "./problem.ts";
import { applyEdits, renameReferences } from "./rename.ts";
import type { CelReference, CelScope } from "./scope.ts";

export interface CompiledExpression {
  /** The expression with every name replaced by its variable and integer literals beside floats written as floats. */
  readonly text: string;
  readonly type: CelType;
  readonly references: readonly CelReference[];
}

export type Compilation = { readonly ok: true; readonly expression: CompiledExpression } | { readonly ok: false; readonly problems: readonly CelProblem[] };

/** How often a failed check may be healed by reading integer literals as floats. */
const MAX_HEALINGS = 100;

const asFloats = (text: string, literals: readonly ASTNode[]): string =>
  applyEdits(
    text,
    [...new Map(literals.map((literal) => [literal.range.end, literal])).values()].map(({ range }) => ({ start: range.end, end: range.end, text: ".0" })),
  );

type Checked = { readonly text: string; readonly type: CelType } | { readonly error: unknown };

/** Checks, and where only an integer literal beside a float is wrong, reads it as a float and checks again. */
function check(environment: Environment, text: string): Checked {
  let current = asFloats(text, literalsInFloatLists(environment.parse(text).ast));
  for (let healing = 0; healing < MAX_HEALINGS; healing++) {
    const result = environment.parse(current).check();
    if (result.valid) return { text: current, type: parseCelTypeName(result.type ?? "dyn") };
    const node = (result.error as { node?: ASTNode }).node;
    const literals = node && "op" in node ? literalsBesideFloats(node) : [];
    if (literals.length === 0) return { error: result.error };
    current = asFloats(current, literals);
  }
  return { error: new Error("too many integers beside floats") };
}

/** The environment an expression's `text` is checked and evaluated in. */
export function environmentFor(variables: Readonly<Record<string, CelType>>): Environment {
  const environment = newEnvironment();
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, celTypeName(type));
  return environment;
}

/** Messages name what the author wrote, not our variables. */
function inAuthorsWords(problem: CelProblem, references: readonly CelReference[]): CelProblem {
  const message = references.reduce((text, { variable, path }) => text.replaceAll(variable, path.join(".")), problem.message);
  return { ...problem, message };
}

/** Type-checks an expression over the names of a scope. Never evaluates anything. */
export function compileExpression(expression: string, scope: CelScope): Compilation {
  const whole = { start: 0, end: expression.length };
  if (expression.length > MAX_EXPRESSION_LENGTH)
    return { ok: false, problems: [{ code: "ExpressionTooLarge", message: `longer than ${MAX_EXPRESSION_LENGTH} characters`, ...whole }] };
  try {
    const renamed = renameReferences(expression, newEnvironment().parse(expression).ast, scope);
    if (renamed.problems.length > 0) return { ok: false, problems: renamed.problems };
    const variables = Object.fromEntries(renamed.references.map(({ variable, type }) => [variable, type]));
    const checked = check(environmentFor(variables), renamed.text);
    if ("error" in checked) return { ok: false, problems: [inAuthorsWords(problemOf(checked.error, expression.length), renamed.references)] };
    return { ok: true, expression: { text: checked.text, type: checked.type, references: renamed.references } };
  } catch (thrown) {
    return { ok: false, problems: [problemOf(thrown, expression.length)] };
  }
}
