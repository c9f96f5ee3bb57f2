import { parse as parseLossless, stringify as stringifyLossless } from "lossless-json";

/** A JSON value whose integers beyond ±2^53 are bigint. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Sixteen digits where a number may begin may be an integer that a double cannot hold; everything else is safe for the fast path. */
const MAY_HOLD_BIG_INTEGER = /(?:^|[[:,\s-])[0-9]{16}/;

function exactNumber(text: string): number | bigint {
  if (!/^-?[0-9]+$/.test(text)) return Number(text);
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Like JSON.parse, except that an integer a double cannot hold becomes a bigint. Throws SyntaxError. */
export function parseJson(text: string): Json {
  return (MAY_HOLD_BIG_INTEGER.test(text) ? parseLossless(text, undefined, exactNumber) : JSON.parse(text)) as Json;
}

function holdsBigInt(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.some(holdsBigInt) : Object.values(value).some(holdsBigInt);
}

/** Like JSON.stringify, except that a bigint is written as an integer. */
export function stringifyJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (thrown) {
    // The fast path refuses bigints; looking for them first would cost as much as writing.
    if (!holdsBigInt(value)) throw thrown;
    return stringifyLossless(value, undefined, indent) as string;
  }
}

/** A deep copy of a JSON value; much faster than structuredClone. Undefined fields stay, as there. */
export function copyJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = copyJson((value as Record<string, unknown>)[key]);
    // Assigning __proto__ would set the prototype.
    if (key === "__proto__") Object.defineProperty(copy, key, { value: field, enumerable: true, writable: true, configurable: true });
    else copy[key] = field;
  }
  return copy as T;
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) Object.defineProperty(sorted, key, { value: sortedKeys(field), enumerable: true, writable: true, configurable: true });
  }
  return sorted;
}

/** JSON with sorted keys and no white space: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return stringifyJson(sortedKeys(value));
}

function sameFields(left: Readonly<Record<string, unknown>>, right: Readonly<Record<string, unknown>>): boolean {
  let extra = 0;
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    if (!Object.hasOwn(right, key) || !jsonEqual(value, right[key])) return false;
    extra -= 1;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) extra += 1;
  return extra === 0;
}

/** Deep equality of plain JSON values (key order does not matter, undefined fields count as absent). */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return Number.isNaN(left) && Number.isNaN(right);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((item, index) => jsonEqual(item, right[index]));
  return sameFields(left as Readonly<Record<string, unknown>>, right as Readonly<Record<string, unknown>>);
}

/** Fields by name, of an object whose shape is not known. */
export type Fields = Record<string, unknown>;

/** Whether a value is an object with fields: neither null nor a list. */
export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of a value; none when it is no object with fields. */
export const fieldsOf = (value: unknown): Readonly<Fields> => (isFields(value) ? value : {});
