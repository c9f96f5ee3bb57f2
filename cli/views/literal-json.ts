import type { Json } from "../../base/index.ts";
import type { Literal } from "../../proto/index.ts";
import { blobOf, isNone, literalText, unwrap } from "../../values/index.ts";

/** A stored value as JSON for people and scripts, read without its declared type: files as URIs, datetimes and durations as text, none as null. */
export function literalJson(literal: Literal): Json {
  const inner = unwrap(literal);
  if (isNone(inner)) return null;
  switch (inner.value.case) {
    case "collection":
      return inner.value.value.literals.map(literalJson);
    case "map":
      return Object.fromEntries(Object.entries(inner.value.value.literals).map(([key, value]) => [key, literalJson(value)]));
    case "offloadedMetadata":
      return inner.value.value.uri;
    case "scalar":
      return scalarJson(inner);
    default:
      return null;
  }
}

function scalarJson(literal: Literal): Json {
  const blob = blobOf(literal);
  if (blob) return blob.uri;
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  if (scalar?.case === "generic") return scalar.value as Json;
  if (scalar?.case === "primitive") {
    const primitive = scalar.value.value;
    if (primitive.case === "integer") return Number.isSafeInteger(Number(primitive.value)) ? Number(primitive.value) : String(primitive.value);
    if (primitive.case === "floatValue") return Number.isFinite(primitive.value) ? primitive.value : String(primitive.value);
    if (primitive.case === "boolean") return primitive.value;
  }
  const text = literalText(literal);
  return text === undefined ? null : typeof text === "string" ? text : Buffer.from(text).toString("base64");
}
