import { DURATION_PATTERN, type Json } from "../base/index.ts";
import type { KeyRule, ListNode, NumberNode, ObjectNode, StringNode, ValueForm } from "./node.ts";
import { type AnyShape, type Authored, type AuthoredFields, type Fields, type Parsed, type ParsedFields, type Shape, shapeOf } from "./shape.ts";

/** Bounds that every string, list and map has unless it says otherwise: CEL on the API server must know them to price a rule. */
const TEXT_MAX = 4096;
const LIST_MAX = 1024;
const MAP_MAX = 1024;

type StringLimits = Omit<StringNode, "kind" | "enum" | "doc" | "default" | "optional" | "immutable" | "rules" | "name">;
type NumberLimits = Pick<NumberNode, "minimum" | "maximum">;

export function string(limits: StringLimits = {}): Shape<string> {
  return shapeOf({ kind: "string", maxLength: TEXT_MAX, ...limits });
}

/** One of a closed list of words. */
export function oneOf<const T extends readonly string[]>(...words: T): Shape<T[number]> {
  return shapeOf({ kind: "string", enum: words });
}

export function integer(limits: NumberLimits = {}): Shape<number> {
  return shapeOf({ kind: "integer", ...limits });
}

export function number(limits: NumberLimits = {}): Shape<number> {
  return shapeOf({ kind: "number", ...limits });
}

export function boolean(): Shape<boolean> {
  return shapeOf({ kind: "boolean" });
}

/** `30s`, `1h30m`, `7d`; read with `parseDuration` of base. */
export function duration(): Shape<string> {
  return string({ pattern: DURATION_PATTERN, maxLength: 64, expects: "a duration such as 30s, 1h30m or 7d" });
}

/** An instant in RFC 3339. */
export function timestamp(): Shape<string> {
  return string({ format: "date-time", maxLength: 64, expects: 'an instant such as "2026-01-01T00:00:00Z"' });
}

/** Bytes in base64. */
export function bytes(maxLength: number): Shape<string> {
  return string({ format: "byte", maxLength, expects: "bytes in base64" });
}

/** A Kubernetes quantity: `500m`, `2Gi`, `1`. A fraction must be quoted. */
export function quantity(): Shape<string | number> {
  return shapeOf({ kind: "quantity" });
}

export function object<F extends Fields>(fields: F): Shape<ParsedFields<F>, AuthoredFields<F>> {
  return shapeOf({ kind: "object", fields: Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, shape.node])) });
}

interface ListOptions {
  readonly min?: number;
  readonly max?: number;
  readonly merge?: ListNode["merge"];
}

/** A list. Server-side apply replaces it whole unless `merge` says `set` or names key fields. */
export function list<S extends AnyShape>(items: S, options: ListOptions = {}): Shape<Parsed<S>[], Authored<S>[]> {
  const minimum = options.min === undefined ? {} : { minItems: options.min };
  return shapeOf({ kind: "list", items: items.node, maxItems: options.max ?? LIST_MAX, merge: options.merge ?? "atomic", ...minimum });
}

interface MapOptions {
  readonly min?: number;
  readonly max?: number;
  readonly atomic?: boolean;
  readonly keys?: KeyRule;
}

export function map<S extends AnyShape>(values: S, options: MapOptions = {}): Shape<Record<string, Parsed<S>>, Record<string, Authored<S>>> {
  const { min, max, ...rest } = options;
  const minimum = min === undefined ? {} : { minProperties: min };
  return shapeOf({ kind: "map", values: values.node, maxProperties: max ?? MAP_MAX, ...minimum, ...rest });
}

/** Text, or an object with the field `type` and more. */
export function textOrObject<F extends Fields>(
  text: Shape<string>,
  object: Shape<ParsedFields<F>, AuthoredFields<F>>,
): Shape<string | ParsedFields<F>, string | AuthoredFields<F>> {
  return shapeOf({ kind: "text-or-object", text: text.node as StringNode, object: object.node as ObjectNode });
}

/** An object whose fields are defined elsewhere (a PodSpec, a plugin's message). Kept as written. */
export function open(): Shape<Record<string, Json>> {
  return shapeOf({ kind: "open" });
}

/** A map of authored values, by name: literals, and for `binding` also references and expressions. */
export function values(form: ValueForm, keys?: KeyRule): Shape<Record<string, Json>> {
  return shapeOf({ kind: "open", values: form, ...(keys && { keys }) });
}

/** One JSON value of any type. */
export function anything(form?: ValueForm): Shape<Json> {
  return shapeOf({ kind: "any", ...(form && { values: form }) });
}
