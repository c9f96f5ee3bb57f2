import { problem, type ValueProblem } from "./problem.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** Results are wrapped, because a number and a problem list must be told apart. */
export type Read<T> = { readonly value: T } | ValueProblem[];

export function int64(value: bigint): Read<bigint> {
  return value >= INT64_MIN && value <= INT64_MAX ? { value } : problem("LossyCoercion", `${value} does not fit an integer of 64 bits`);
}

/** Decimal digits with an optional sign. Nothing else: no fraction, no exponent, no underscore. */
export function parseInteger(text: string): Read<bigint> {
  if (!/^[+-]?\d+$/.test(text)) return problem("TypeMismatch", `${quoted(text)} is not an integer`);
  if (text.length > 64) return problem("LossyCoercion", "the number does not fit an integer of 64 bits");
  return int64(BigInt(text.replace(/^\+/, "")));
}

/** A decimal number, NaN, or an infinity in any case (`inf`, `-Infinity`). A finite text too large for a double is refused. */
export function parseFloatText(text: string): Read<number> {
  if (/^[+-]?nan$/i.test(text)) return { value: Number.NaN };
  const infinite = INFINITE.exec(text);
  if (infinite) return { value: infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY };
  if (!DECIMAL.test(text)) return problem("TypeMismatch", `${quoted(text)} is not a number`);
  const value = Number(text);
  return Number.isFinite(value) ? { value } : problem("LossyCoercion", `${text} is too large for a float`);
}

/** The double of an integer text that a double can hold: exactly, or as the shortest text of that double. */
export function exactDouble(value: bigint): number | undefined {
  const double = Number(value);
  return Number.isFinite(double) && (BigInt(double) === value || String(double) === String(value)) ? double : undefined;
}

/** The shortest text that reads back equal. */
export function formatFloat(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** At most 40 characters of a text, in quotes, for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
