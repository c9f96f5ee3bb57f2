import type { Json } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { blobOf, isNone, scalarOf, unwrap } from "./literal.ts";
import { primitiveText } from "./text.ts";
import { printType, type Type } from "./type.ts";
import { isUntagged, memberOf } from "./union.ts";

export interface JsonOptions {
  /** What to write for stored bytes; by default their URI. `at` leads from the value to the blob. */
  readonly place?: (uri: string, at: readonly (string | number)[]) => string;
}

/**
 * The JSON form of a value, as in inputs.json: none is null, integers beyond 2^53 and floats that are not finite are strings,
 * datetimes and durations their text, binary base64, stored bytes a path or URI. `T | none` is the bare value or null; any other
 * union is `{type, value}`. A literal that is still offloaded becomes its URI.
 */
export function literalToJson(type: Type, literal: Literal, options: JsonOptions = {}): Json {
  return jsonOf(type, literal, options.place ?? ((uri) => uri), []);
}

type Place = NonNullable<JsonOptions["place"]>;
type Path = readonly (string | number)[];

function jsonOf(type: Type, literal: Literal, place: Place, at: Path): Json {
  if (type.kind === "union") return unionJson(type, literal, place, at);
  const inner = unwrap(literal);
  const of = type.kind === "list" || type.kind === "map" ? type.of : undefined;
  switch (inner.value.case) {
    case "collection":
      return inner.value.value.literals.map((element, index) => jsonOf(of ?? { kind: "none" }, element, place, [...at, index]));
    case "map":
      return Object.fromEntries(
        Object.entries(inner.value.value.literals).map(([key, element]) => [key, jsonOf(of ?? { kind: "none" }, element, place, [...at, key])] as const),
      );
    case "offloadedMetadata":
      return inner.value.value.uri;
    default:
      return scalarJson(inner, place, at);
  }
}

function unionJson(type: Extract<Type, { kind: "union" }>, literal: Literal, place: Place, at: Path): Json {
  const member = memberOf(type, literal);
  if (member === undefined) return null;
  if (isNone(literal)) return null;
  const value = jsonOf(member, unwrap(literal), place, at);
  return isUntagged(type) ? value : { type: printType(member), value };
}

function scalarJson(literal: Literal, place: Place, at: Path): Json {
  const scalar = scalarOf(literal);
  switch (scalar?.case) {
    case "primitive":
      return primitiveJson(scalar.value);
    case "generic":
      return scalar.value as Json;
    case "binary":
      return Buffer.from(scalar.value.value).toString("base64");
    case "error":
      return { failedNodeId: scalar.value.failedNodeId, message: scalar.value.message };
    default: {
      const blob = blobOf(literal);
      return blob === undefined ? null : place(blob.uri, at);
    }
  }
}

function primitiveJson(primitive: Parameters<typeof primitiveText>[0]): Json {
  const { value } = primitive;
  if (value.case === "boolean") return value.value;
  if (value.case === "integer" && Number.isSafeInteger(Number(value.value))) return Number(value.value);
  if (value.case === "floatValue" && Number.isFinite(value.value)) return value.value;
  return primitiveText(primitive);
}
