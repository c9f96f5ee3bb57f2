import { canonicalJson, isFields, parseJson, stringifyJson } from "../../../base/index.ts";
import { type Builder, type FieldSet, newBuilder } from "./field-set.ts";

type Json = Record<string, unknown>;

/** A set as `fieldsV1`: nested objects, `.` for a member that has children too. */
export function encodeFields(set: FieldSet): Json {
  const fields: Json = {};
  const elements = [...new Set([...set.members, ...set.children.keys()])].sort();
  for (const element of elements) {
    const child = set.children.get(element);
    if (!child) fields[element] = {};
    else fields[element] = set.members.has(element) ? { ".": {}, ...encodeFields(child) } : encodeFields(child);
  }
  return fields;
}

/** One spelling per element, so that sets written by others compare equal to ours. Undefined when it is no element. */
function normalised(element: string): string | undefined {
  const [kind, text] = [element.slice(0, 2), element.slice(2)];
  if (kind === "f:") return element;
  if (kind === "i:") return /^\d+$/.test(text) ? element : undefined;
  if (kind !== "k:" && kind !== "v:") return undefined;
  try {
    const value = parseJson(text);
    if (kind === "k:") return isFields(value) ? `k:${canonicalJson(value)}` : undefined;
    return `v:${stringifyJson(value)}`;
  } catch {
    return undefined;
  }
}

function decodeInto(fields: Json, builder: Builder): boolean {
  for (const [element, child] of Object.entries(fields)) {
    if (element === ".") continue;
    const name = normalised(element);
    if (name === undefined || (child !== null && !isFields(child))) return false;
    const inner = child ?? {};
    const names = Object.keys(inner);
    if (names.length === 0 || "." in inner) builder.members.add(name);
    if (names.every((one) => one === ".")) continue;
    const next = newBuilder();
    if (!decodeInto(inner, next)) return false;
    builder.children.set(name, next);
  }
  return true;
}

/** Undefined when it is not FieldsV1. */
export function decodeFields(fields: unknown): FieldSet | undefined {
  const builder = newBuilder();
  return isFields(fields ?? {}) && decodeInto((fields ?? {}) as Json, builder) ? builder : undefined;
}

function elementText(element: string): string {
  const text = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return `.${text}`;
    case "k:":
      return `[${Object.entries(parseJson(text) as Json)
        .map(([name, value]) => `${name}=${stringifyJson(value)}`)
        .join(",")}]`;
    case "v:":
      return `[=${text}]`;
    default:
      return `[${text}]`;
  }
}

/** A path as people read it: `.spec.containers[name="a"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}
