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

function isMultiple(value: number | bigint, factor: number): boolean {
  if (isInteger(value) && Number.isSafeInteger(factor)) return BigInt(value) % BigInt(factor) === 0n;
  const quotient = factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

function boundText(exclusive: boolean | undefined, direction: "less" | "greater", bound: number): string {
  return `should be ${direction} than ${exclusive ? "" : "or equal to "}${bound}`;
}

function boundProblems(node: Structural, value: number | bigint): string[] {
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf } = node.source;
  const problems: string[] = [];
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf)) problems.push(`should be a multiple of ${multipleOf}`);
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

/** Range of the format, bounds and multiples. */
export function checkNumber(node: Structural, value: number | bigint, format: string, place: NumberPlace): Cause[] {
  const type = node.types.length === 1 ? (node.types[0] ?? "") : "";
  const causes: Cause[] = [];
  if ((type === "integer" || type === "number") && !inRange(type, format, value))
    causes.push(invalid(place.nowhere, "", rangeProblem(type, format, place.path)));
  for (const problem of boundProblems(node, value)) causes.push(invalid(place.field, value, `${place.path} in body ${problem}`));
  return causes;
}
