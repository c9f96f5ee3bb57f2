import type { Cause } from "./cause.ts";
import { invalid } from "./field-error.ts";
import type { Structural } from "./structural.ts";
import { isInteger } from "./value-type.ts";

const INT32_MAX = 2 ** 31 - 1;
const FLOAT32_MAX = 3.4028234663852886e38;

/** Whether a number lies within its declared type and format. */
function inRange(type: string, format: string, value: number | bigint): boolean {
  if (type === "integer") return isInteger(value) && (format !== "int32" || (value >= -INT32_MAX - 1 && value <= INT32_MAX));
  return format !== "float" || Math.abs(Number(value)) <= FLOAT32_MAX;
}

/** As the real server counts: whole numbers by the whole part of the factor, others as doubles that are exact. */
function multipleProblem(value: number | bigint, factor: number, path: string): string | undefined {
  if (isInteger(value)) {
    const whole = Math.trunc(factor);
    if (whole <= 0) return `factor MultipleOf declared for ${path} must be positive: ${whole}`;
    return BigInt(value) % BigInt(whole) === 0n ? undefined : `${path} in body should be a multiple of ${whole}`;
  }
  if (factor <= 0) return `factor MultipleOf declared for ${path} must be positive: ${factor}`;
  const quotient = factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor;
  const exact = Math.abs(quotient) < Number.MAX_SAFE_INTEGER && Math.abs(quotient - Math.round(quotient)) < 1e-9;
  return exact ? undefined : `${path} in body should be a multiple of ${factor}`;
}

function boundText(exclusive: boolean | undefined, direction: "less" | "greater", bound: number): string {
  return `should be ${direction} than ${exclusive ? "" : "or equal to "}${bound}`;
}

function boundProblems(node: Structural, value: number | bigint): string[] {
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum } = node.source;
  const problems: string[] = [];
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) problems.push(boundText(exclusiveMaximum, "less", maximum));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) problems.push(boundText(exclusiveMinimum, "greater", minimum));
  return problems;
}

function rangeProblem(type: string, format: string, path: string): string {
  return format === ""
    ? `Checked value must be of type ${type} (default format) in ${path}`
    : `Checked value must be of type ${type} with format ${format} in ${path}`;
}

/** Where a number stands: the field of its causes, the field of those that name none, and the path that messages spell. */
export interface NumberPlace {
  readonly field: string;
  readonly nowhere: string;
  readonly path: string;
}

function multipleOf(node: Structural, value: number | bigint, path: string): string | undefined {
  return node.source.multipleOf === undefined ? undefined : multipleProblem(value, node.source.multipleOf, path);
}

/** Whether `checkNumber` would find nothing, without finding words for it. */
export function numberFits(node: Structural, value: number | bigint, format: string): boolean {
  const type = node.types.length === 1 ? (node.types[0] ?? "") : "";
  return (
    ((type !== "integer" && type !== "number") || inRange(type, format, value)) &&
    boundProblems(node, value).length === 0 &&
    multipleOf(node, value, "") === undefined
  );
}

/** Range of the format, bounds and multiples. */
export function checkNumber(node: Structural, value: number | bigint, format: string, place: NumberPlace): Cause[] {
  const type = node.types.length === 1 ? (node.types[0] ?? "") : "";
  const causes: Cause[] = [];
  if ((type === "integer" || type === "number") && !inRange(type, format, value))
    causes.push(invalid(place.nowhere, "", rangeProblem(type, format, place.path)));
  const multiple = multipleOf(node, value, place.path);
  // The factor, not the value, is called invalid when it is no factor at all.
  if (multiple !== undefined) causes.push(invalid(place.field, multiple.startsWith("factor") ? Math.trunc(node.source.multipleOf ?? 0) : value, multiple));
  for (const problem of boundProblems(node, value)) causes.push(invalid(place.field, value, `${place.path} in body ${problem}`));
  return causes;
}
