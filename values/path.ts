import type { Json } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { literalOf } from "./authored.ts";
import { booleanLiteral, floatLiteral, listLiteral, noneLiteral, scalarOf, stringLiteral, structLiteral, type StructValue, unwrap } from "./literal.ts";
import { isProblems, problem, type ValueProblem } from "./problem.ts";
import { nameOfJson } from "./struct.ts";
import { printType, type Type } from "./type.ts";

/** `.field` and `["key"]` are strings, `[0]` is a number. */
export type Attributes = readonly (string | number)[];

const STEP = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|\[('(?:[^'\\]|\\.)*')\]/y;

/**
 * Splits `nodes.train-fold.outputs.parts[0]["k"]` into `["nodes", "train-fold", "outputs", "parts", 0, "k"]`. A name may hold
 * hyphens. A problem carries its position inside the text.
 */
export function parsePath(text: string): (string | number)[] | { readonly kind: "problem"; readonly message: string; readonly position: number } {
  const dotted = `.${text}`;
  const segments: (string | number)[] = [];
  let at = 0;
  while (at < dotted.length) {
    STEP.lastIndex = at;
    const step = STEP.exec(dotted);
    const segment = step === null ? undefined : segmentOf(step);
    if (step === null || segment === undefined) return { kind: "problem", message: pathMessage(dotted, at), position: Math.max(0, at - 1) };
    segments.push(segment);
    at = STEP.lastIndex;
  }
  return segments;
}

function segmentOf([, name, index, double, single]: RegExpExecArray): string | number | undefined {
  if (name !== undefined) return name;
  if (index !== undefined) return Number(index);
  try {
    return JSON.parse(
      double ??
        `"${(single ?? "''")
          .slice(1, -1)
          .replace(/\\'/g, "'")
          .replace(/(?<!\\)"/g, '\\"')}"`,
    ) as string;
  } catch {
    return undefined;
  }
}

function pathMessage(dotted: string, at: number): string {
  if (at === 0) return "a reference starts with a name, as in inputs.x or nodes.split.outputs.parts";
  return `expected .name, [0] or ["key"], found ${JSON.stringify(dotted.slice(at, at + 10))}`;
}

/** The path as people write it after a name: `.a[0]["b c"]`. */
export function printAttributes(attributes: Attributes): string {
  return attributes
    .map((one) => (typeof one === "number" ? `[${one}]` : /^[A-Za-z_][A-Za-z0-9_]*$/.test(one) ? `.${one}` : `[${JSON.stringify(one)}]`))
    .join("");
}

/** The type behind attributes; "unknown" inside a struct, whose fields have no declared types: there the value decides when it is there. */
export function pathType(type: Type, attributes: Attributes): Type | "unknown" | ValueProblem[] {
  let current = type;
  for (const [index, attribute] of attributes.entries()) {
    if (current.kind === "struct") return "unknown";
    const next = attributeType(current, attribute);
    if (isProblems(next)) return [{ ...(next[0] as ValueProblem), path: attributes.slice(0, index + 1) }];
    current = next;
  }
  return current;
}

function attributeType(type: Type, attribute: string | number): Type | ValueProblem[] {
  const shown = printAttributes([attribute]);
  switch (type.kind) {
    case "list":
      return typeof attribute === "number" ? type.of : problem("AttributeNotFound", `a list has no ${shown}; its elements are [0], [1], …`);
    case "map":
      return typeof attribute === "string" ? type.of : problem("AttributeNotFound", `the keys of a map are strings: ["${attribute}"]`);
    case "union":
      return problem("AttributeNotFound", `${printType(type)} may be something without ${shown}; use {expr: …}`);
    case "error":
      if (attribute === "message" || attribute === "failedNodeId") return { kind: "string" };
      break;
  }
  return problem("AttributeNotFound", `${printType(type)} has no ${shown}`);
}

/** `load`: the literal must be read from this URI first, then `pathValue(loaded, attributes)` goes on. */
export type PathValue = { readonly literal: Literal } | { readonly load: string; readonly attributes: Attributes };

/**
 * The part of a value that attributes lead to. Inside a struct the JSON found there becomes a value of `want`, or without `want` its
 * nearest type (number: float). An index or key that is not there is AttributeNotFound.
 */
export function pathValue(literal: Literal, attributes: Attributes, want?: Type): PathValue | ValueProblem[] {
  let current = literal;
  for (const [index, attribute] of attributes.entries()) {
    const inner = unwrap(current);
    if (inner.value.case === "offloadedMetadata") return { load: inner.value.value.uri, attributes: attributes.slice(index) };
    const scalar = scalarOf(inner);
    if (scalar?.case === "generic") {
      const found = structValue(scalar.value, attributes.slice(index), want);
      return isProblems(found) ? found.map((one) => ({ ...one, path: [...attributes.slice(0, index), ...one.path] })) : found;
    }
    const next = elementOf(inner, attribute);
    if (next === undefined) return notThere(attributes.slice(0, index + 1));
    current = next;
  }
  return { literal: current };
}

function notThere(path: Attributes): ValueProblem[] {
  return problem("AttributeNotFound", `there is no ${printAttributes(path)} in this value`, path);
}

function elementOf(literal: Literal, attribute: string | number): Literal | undefined {
  const { value } = literal;
  if (value.case === "collection") return typeof attribute === "number" ? value.value.literals[attribute] : undefined;
  if (value.case === "map")
    return typeof attribute === "string" && Object.hasOwn(value.value.literals, attribute) ? value.value.literals[attribute] : undefined;
  const scalar = scalarOf(literal);
  if (scalar?.case !== "error") return undefined;
  if (attribute === "message") return stringLiteral(scalar.value.message);
  return attribute === "failedNodeId" ? stringLiteral(scalar.value.failedNodeId) : undefined;
}

function structValue(struct: StructValue, attributes: Attributes, want: Type | undefined): PathValue | ValueProblem[] {
  let json: Json = struct as Json;
  for (const [index, attribute] of attributes.entries()) {
    const next: Json | undefined = fieldOf(json, attribute);
    if (next === undefined) return notThere(attributes.slice(0, index + 1));
    json = next;
  }
  const literal = want === undefined ? nearestLiteral(json) : literalOf(want, json);
  return isProblems(literal) ? literal.map((one) => ({ ...one, path: [...attributes, ...one.path] })) : { literal };
}

function fieldOf(json: Json, attribute: string | number): Json | undefined {
  if (Array.isArray(json)) return typeof attribute === "number" ? (json[attribute] as Json | undefined) : undefined;
  if (typeof json !== "object" || json === null) return undefined;
  const key = String(attribute);
  return Object.hasOwn(json, key) ? (json as { readonly [key: string]: Json })[key] : undefined;
}

function nearestLiteral(json: Json): Literal | ValueProblem[] {
  if (json === null) return noneLiteral();
  if (typeof json === "string") return stringLiteral(json);
  if (typeof json === "boolean") return booleanLiteral(json);
  if (typeof json === "number") return floatLiteral(json);
  if (typeof json === "bigint") return problem("TypeMismatch", `a struct holds no ${nameOfJson(json)} of this size`);
  if (!Array.isArray(json)) return structLiteral(json as StructValue);
  const elements: Literal[] = [];
  for (const element of json) {
    const literal = nearestLiteral(element as Json);
    if (isProblems(literal)) return [...literal];
    elements.push(literal);
  }
  return listLiteral(elements);
}
