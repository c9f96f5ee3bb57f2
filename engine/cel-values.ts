import type { Json } from "../base/index.ts";
import type { CelValue } from "../cel/index.ts";
import type { Literal } from "../proto/index.ts";
import {
  binaryLiteral,
  blobOf,
  booleanLiteral,
  datetimeLiteral,
  decodeLiteral,
  durationLiteral,
  encodeLiteral,
  errorLiteral,
  floatLiteral,
  integerLiteral,
  isBlobType,
  isProblems,
  listLiteral,
  literalFits,
  literalOf,
  mapLiteral,
  membersOf,
  noneLiteral,
  printType,
  scalarOf,
  stringLiteral,
  structLiteral,
  type StructValue,
  type Type,
  unionLiteral,
  unwrap,
} from "../values/index.ts";

function celOfJson(json: Json): CelValue {
  if (Array.isArray(json)) return json.map(celOfJson);
  if (typeof json !== "object" || json === null) return json as CelValue;
  return new Map(Object.entries(json).map(([key, value]) => [key, celOfJson(value as Json)]));
}

function celOfScalar(literal: Literal): CelValue {
  const scalar = scalarOf(literal);
  switch (scalar?.case) {
    case "primitive": {
      const primitive = scalar.value.value;
      if (primitive.case === "datetime") return { tag: "timestamp", seconds: primitive.value.seconds, nanos: primitive.value.nanos };
      if (primitive.case === "duration") return { tag: "duration", seconds: primitive.value.seconds, nanos: primitive.value.nanos };
      return primitive.value ?? null;
    }
    case "binary":
      return scalar.value.value;
    case "generic":
      return celOfJson(scalar.value as Json);
    case "error":
      return new Map([
        ["message", scalar.value.message],
        ["failedNodeId", scalar.value.failedNodeId],
      ]);
    case "blob":
    case "structuredDataset":
      return { tag: "file", uri: blobOf(literal)?.uri ?? "", ref: Buffer.from(encodeLiteral(unwrap(literal))).toString("base64") };
    default:
      return null;
  }
}

/** A literal as an expression reads it. References to stored literals must have been loaded. */
export function celOfLiteral(literal: Literal): CelValue {
  const inner = unwrap(literal);
  const { value } = inner;
  if (value.case === "collection") return value.value.literals.map(celOfLiteral);
  if (value.case === "map") return new Map(Object.entries(value.value.literals).map(([key, element]) => [key, celOfLiteral(element)]));
  return celOfScalar(inner);
}

/** Why the result of an expression is not of the type it is needed as. */
export interface Misfit {
  readonly misfit: string;
}

const misfit = (type: Type, value: CelValue): Misfit => ({ misfit: `the expression gave ${wordOf(value)}, needed is ${printType(type)}` });

export const isMisfit = (result: Literal | Misfit): result is Misfit => "misfit" in result;

function wordOf(value: CelValue): string {
  if (value === null) return "none";
  if (typeof value === "bigint") return `the integer ${value}`;
  if (typeof value === "number") return `the float ${value}`;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return "a string";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a map";
  return value instanceof Uint8Array ? "bytes" : `a ${(value as { tag: string }).tag}`;
}

function jsonOfCel(value: CelValue): Json | undefined {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value as Json;
  if (Array.isArray(value)) {
    const items = value.map((item: CelValue) => jsonOfCel(item));
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (!(value instanceof Map)) return undefined;
  const entries = [...(value as ReadonlyMap<string, CelValue>)].map(([key, item]) => [key, jsonOfCel(item)] as const);
  return entries.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(entries) as Json);
}

function taggedLiteral(type: Type, value: Extract<CelValue, { readonly tag: string }>): Literal | Misfit {
  if (value.tag === "file" && isBlobType(type)) {
    const literal = decodeLiteral(Buffer.from(value.ref, "base64"));
    return literalFits(type, literal) ? literal : misfit(type, value);
  }
  const { seconds, nanos } = value as { readonly seconds: bigint; readonly nanos: number };
  if (value.tag === "timestamp" && type.kind === "datetime") return datetimeLiteral({ $typeName: "google.protobuf.Timestamp", seconds, nanos });
  if (value.tag === "duration" && type.kind === "duration") return durationLiteral({ $typeName: "google.protobuf.Duration", seconds, nanos });
  return misfit(type, value);
}

function collected(type: Type, value: CelValue): Literal | Misfit {
  if (Array.isArray(value) && type.kind === "list") {
    const elements = value.map((item: CelValue) => literalOfCel(type.of, item));
    return elements.find(isMisfit) ?? listLiteral(elements as Literal[]);
  }
  if (!(value instanceof Map) || type.kind !== "map") return misfit(type, value);
  const entries = [...(value as ReadonlyMap<string, CelValue>)].map(([key, item]) => [key, literalOfCel(type.of, item)] as const);
  return entries.map(([, element]) => element).find(isMisfit) ?? mapLiteral(entries as [string, Literal][]);
}

function plainLiteral(type: Type, value: CelValue): Literal | Misfit | undefined {
  switch (type.kind) {
    case "integer":
      return typeof value === "bigint" ? integerLiteral(value) : undefined;
    case "float":
      return typeof value === "number" ? floatLiteral(value) : undefined;
    case "boolean":
      return typeof value === "boolean" ? booleanLiteral(value) : undefined;
    case "string":
      return typeof value === "string" ? stringLiteral(value) : undefined;
    case "binary":
      return value instanceof Uint8Array ? binaryLiteral(value) : undefined;
    case "none":
      return value === null ? noneLiteral() : undefined;
    case "error":
      return value instanceof Map ? errorLiteral(String(value.get("message") ?? ""), String(value.get("failedNodeId") ?? "")) : undefined;
    default:
      return undefined;
  }
}

/** The result of an expression as a value of the type it is needed as; nothing is coerced. */
export function literalOfCel(type: Type, value: CelValue): Literal | Misfit {
  if (type.kind === "union") return unionOfCel(type, value);
  const plain = plainLiteral(type, value);
  if (plain) return plain;
  if (typeof value === "object" && value !== null && "tag" in value) return taggedLiteral(type, value);
  if (type.kind === "enum" && typeof value === "string") {
    const literal = literalOf(type, value);
    return isProblems(literal) ? { misfit: literal[0]!.message } : literal;
  }
  if (type.kind === "struct" && value instanceof Map) {
    const json = jsonOfCel(value);
    return json === undefined
      ? { misfit: "a struct holds texts, numbers a double can hold, booleans, lists and maps only" }
      : structLiteral(json as StructValue);
  }
  return collected(type, value);
}

function unionOfCel(type: Extract<Type, { readonly kind: "union" }>, value: CelValue): Literal | Misfit {
  for (const member of membersOf(type)) {
    const literal = literalOfCel(member, value);
    if (!isMisfit(literal)) return unionLiteral(member, literal);
  }
  return misfit(type, value);
}
