import { stringifyJson } from "../../base/index.ts";
import type { Cause } from "./cause.ts";

/** Left out of a message: the value is too big or means nothing to a reader. */
export const OMITTED: unique symbol = Symbol("omitted");

function escaped(character: string): string {
  const named: Readonly<Record<string, string>> = {
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
  };
  const name = named[character];
  if (name) return name;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A string in double quotes, escaped as Go's %q writes it. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escaped)}"`;
}

/** A map is shown with its keys sorted, a structure of the server's own in the order of its fields, which have capital names. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  if (!entries.every(([key]) => /^[A-Z]/.test(key))) entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, field]) => [key, sortedKeys(field)]));
}

function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  return stringifyJson(sortedKeys(value)).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function cause(reason: string, field: string, title: string, detail: string): Cause {
  return { reason, message: detail === "" ? title : `${title}: ${detail}`, field };
}

function withValue(reason: string, title: string, field: string, value: unknown, detail: string): Cause {
  return cause(reason, field, value === OMITTED ? title : `${title}: ${shown(value)}`, detail);
}

export const required = (field: string, detail: string): Cause => cause("FieldValueRequired", field, "Required value", detail);
export const forbidden = (field: string, detail: string): Cause => cause("FieldValueForbidden", field, "Forbidden", detail);
export const invalid = (field: string, value: unknown, detail: string): Cause => withValue("FieldValueInvalid", "Invalid value", field, value, detail);
export const typeInvalid = (field: string, value: unknown, detail: string): Cause => withValue("FieldValueTypeInvalid", "Invalid value", field, value, detail);
export const duplicate = (field: string, value: unknown): Cause => withValue("FieldValueDuplicate", "Duplicate value", field, value, "");
export const notFound = (field: string, value: unknown): Cause => withValue("FieldValueNotFound", "Not found", field, value, "");

export function notSupported(field: string, value: unknown, supported: readonly unknown[]): Cause {
  const detail = supported.map((one) => quoted(typeof one === "string" ? one : stringifyJson(one))).join(", ");
  return withValue("FieldValueNotSupported", "Unsupported value", field, value, detail === "" ? "" : `supported values: ${detail}`);
}

export function tooLong(field: string, max: number): Cause {
  return cause("FieldValueTooLong", field, "Too long", `may not be more than ${max} ${max === 1 ? "byte" : "bytes"}`);
}

export function tooMany(field: string, actual: number, max: number): Cause {
  return withValue("FieldValueTooMany", "Too many", field, actual, `must have at most ${max} ${max === 1 ? "item" : "items"}`);
}

/** Makers of causes, one per kind of field error, for rules that no schema can say. */
export const fieldCause = { duplicate, forbidden, invalid, notFound, notSupported, required, tooLong, tooMany, typeInvalid } as const;
