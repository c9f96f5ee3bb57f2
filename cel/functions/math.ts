import type { Environment } from "@marcbachmann/cel-js";

class MathNamespace {}

type Numeric = bigint | number;

const pick = (better: (left: Numeric, right: Numeric) => boolean) => (_: unknown, left: Numeric, right: Numeric) => (better(left, right) ? left : right);

function pickOf(better: (left: Numeric, right: Numeric) => boolean, name: string) {
  return (_: unknown, list: readonly Numeric[]) => {
    if (list.length === 0) throw new Error(`math.${name}() of an empty list`);
    return list.reduce((best, item) => (better(item, best) ? item : best));
  };
}

const less = (left: Numeric, right: Numeric): boolean => left < right;
const greater = (left: Numeric, right: Numeric): boolean => left > right;

/** `math.min` and `math.max`, of two numbers of one type or of a list. */
export function registerMath(environment: Environment): void {
  environment.registerType("MathNamespace", MathNamespace).registerConstant("math", "MathNamespace", new MathNamespace());
  for (const type of ["int", "double"]) {
    environment
      .registerFunction(`MathNamespace.min(${type}, ${type}): ${type}`, pick(less))
      .registerFunction(`MathNamespace.max(${type}, ${type}): ${type}`, pick(greater))
      .registerFunction(`MathNamespace.min(list<${type}>): ${type}`, pickOf(less, "min"))
      .registerFunction(`MathNamespace.max(list<${type}>): ${type}`, pickOf(greater, "max"));
  }
}
