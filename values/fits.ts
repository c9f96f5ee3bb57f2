import type { Literal, Primitive } from "../proto/index.ts";
import { BlobType_BlobDimensionality } from "../proto/index.ts";
import { fromLiteralType } from "./literal-type.ts";
import { unwrap } from "./literal.ts";
import { assignable, type Type } from "./type.ts";

const PRIMITIVE_CASE: Readonly<Partial<Record<Type["kind"], NonNullable<Primitive["value"]["case"]>>>> = {
  integer: "integer",
  float: "floatValue",
  string: "stringValue",
  boolean: "boolean",
  datetime: "datetime",
  duration: "duration",
};
const SCALAR_CASE: Readonly<Partial<Record<Type["kind"], string>>> = {
  struct: "generic",
  binary: "binary",
  error: "error",
  none: "noneType",
  workflow: "generic",
};

/**
 * True when a literal is a value of the type on the wire: no coercion; a member may stand unwrapped in a union. An offloaded
 * literal fits when the type it names does, or when it names none.
 */
export function literalFits(type: Type, literal: Literal): boolean {
  if (type.kind === "union") return type.members.some((member) => literalFits(member, unwrap(literal)));
  const inner = unwrap(literal);
  switch (inner.value.case) {
    case "collection":
      return type.kind === "list" && inner.value.value.literals.every((element) => literalFits(type.of, element));
    case "map":
      return type.kind === "map" && Object.values(inner.value.value.literals).every((element) => literalFits(type.of, element));
    case "offloadedMetadata":
      return offloadedFits(type, inner);
    case "scalar":
      return scalarFits(type, inner);
    default:
      return false;
  }
}

function offloadedFits(type: Type, literal: Literal): boolean {
  const inferred = literal.value.case === "offloadedMetadata" ? literal.value.value.inferredType : undefined;
  const named = inferred === undefined ? undefined : fromLiteralType(inferred);
  return named === undefined || assignable(named, type);
}

function scalarFits(type: Type, literal: Literal): boolean {
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  switch (scalar?.case) {
    case "primitive":
      if (type.kind === "enum") return scalar.value.value.case === "stringValue" && type.values.includes(scalar.value.value.value);
      return PRIMITIVE_CASE[type.kind] === scalar.value.value.case;
    case "blob": {
      const blob = scalar.value.metadata?.type;
      if (blob?.dimensionality === BlobType_BlobDimensionality.MULTIPART) return type.kind === "directory";
      return type.kind === "file" && (type.format === undefined || type.format === blob?.format);
    }
    case "structuredDataset": {
      const format = scalar.value.metadata?.structuredDatasetType?.format ?? "";
      return type.kind === "dataset" && (type.format === undefined || type.format === format);
    }
    default:
      return scalar !== undefined && SCALAR_CASE[type.kind] === scalar.case;
  }
}
