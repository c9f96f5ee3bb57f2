import { newEnvironment } from "./environment.ts";

/** What a rule can know of a value before it sees one. `dyn`: nothing. */
export type RuleType =
  | { readonly kind: "string" | "int" | "double" | "bool" | "bytes" | "timestamp" | "duration" | "dyn" }
  | { readonly kind: "list" | "map"; readonly of: RuleType }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, RuleType>> };

/** A mistake that a rule makes whatever it is given, and where: an offset in UTF-16 units. */
export interface RuleTypeProblem {
  readonly message: string;
  readonly at: number;
}

const SCALARS: Readonly<Record<string, string>> = { timestamp: "google.protobuf.Timestamp", duration: "google.protobuf.Duration" };
/** Kinds of values that no operator mixes. */
const FAMILY: Readonly<Record<string, string>> = { string: "text", bool: "truth", int: "number", uint: "number", double: "number" };

/** The library's name of a type; object types are registered under names of their own. */
function declare(type: RuleType, register: (fields: Record<string, string>) => string): string {
  switch (type.kind) {
    case "list":
      return `list<${declare(type.of, register)}>`;
    case "map":
      return `map<string, ${declare(type.of, register)}>`;
    case "object":
      return register(Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, declare(field, register)])));
    default:
      return SCALARS[type.kind] ?? type.kind;
  }
}

interface LibraryError {
  readonly code?: string;
  readonly summary?: string;
  readonly message: string;
  readonly range?: { readonly start: number; readonly end: number };
}

/** Where an operator stands within the part of a rule that it joins; the start of that part when it cannot be found. */
function operatorAt(expression: string, range: LibraryError["range"], operator: string): number {
  const start = range?.start ?? 0;
  const found = expression.indexOf(` ${operator} `, start);
  return found >= 0 && found < (range?.end ?? expression.length) ? found + 1 : start;
}

/** Only what is certain: a field that cannot be there, or an operator between a text, a truth and a number. */
function certain(error: LibraryError, expression: string): RuleTypeProblem | undefined {
  const words = error.summary ?? error.message.split("\n")[0] ?? "";
  const start = error.range?.start ?? 0;
  const field = /^No such key: (\S+)$/.exec(words);
  if (field) return { message: `undefined field '${field[1] ?? ""}'`, at: expression[start] === "." ? start : start - 1 };
  const operator = /^no such overload: (\w+) (\S+) (\w+)$/.exec(words);
  const [left, right] = [FAMILY[operator?.[1] ?? ""], FAMILY[operator?.[3] ?? ""]];
  if (!operator || left === undefined || right === undefined || left === right) return undefined;
  const [, first = "", sign = "", second = ""] = operator;
  return { message: `found no matching overload for '_${sign}_' applied to '(${first}, ${second})'`, at: operatorAt(expression, error.range, sign) };
}

/** What checking an expression found: a mistake, or the type of what it gives (`dyn` where that is open). */
export type RuleCheck = { readonly problem: RuleTypeProblem } | { readonly problem: undefined; readonly type: string };

export type RuleTypeChecker = (expression: string, optionalOldSelf: boolean) => RuleCheck;

const HAS = /\bhas\(\s*([A-Za-z_]\w*(?:\.\w+)+)\s*\)/g;

/**
 * Checks rules against the type of `self` (and of `oldSelf`, which is the same or, where it is optional, unknown). Says
 * nothing about a rule that might be right: what the library merely doubts is met when the rule runs.
 */
export function ruleTypeChecker(self: RuleType): RuleTypeChecker {
  const environment = newEnvironment();
  let count = 0;
  const register = (fields: Record<string, string>): string => {
    const name = `Object${++count}`;
    environment.registerType(name, { ctor: class {}, fields });
    return name;
  };
  const type = declare(self, register);
  environment.registerVariable("self", type);
  return (expression, optionalOldSelf) => {
    const own = environment.clone();
    own.registerVariable("oldSelf", optionalOldSelf ? "dyn" : type);
    const checked = own.check(expression);
    const problem = checked.valid ? undefined : certain(checked.error as unknown as LibraryError, expression);
    if (problem) return { problem };
    // The library lets has() ask for anything; its argument alone it checks.
    for (const asked of expression.matchAll(HAS)) {
      const alone = own.check(asked[1] ?? "");
      const wrong = alone.valid ? undefined : certain(alone.error as unknown as LibraryError, asked[1] ?? "");
      if (wrong) return { problem: { message: wrong.message, at: asked.index + "has".length } };
    }
    return { problem: undefined, type: checked.valid ? (checked.type ?? "dyn") : "dyn" };
  };
}
