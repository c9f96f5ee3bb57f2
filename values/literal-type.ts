import {
  BlobType_BlobDimensionality,
  type BlobType,
  create,
  type LiteralType,
  LiteralTypeSchema,
  SimpleType,
  type StructuredDatasetType,
  StructuredDatasetType_DatasetColumnSchema,
  StructuredDatasetTypeSchema,
} from "../proto/index.ts";
import { type Column, type SimpleKind, type Type } from "./type.ts";

const SIMPLE: Readonly<Record<Exclude<SimpleKind, "workflow">, SimpleType>> = {
  none: SimpleType.NONE,
  integer: SimpleType.INTEGER,
  float: SimpleType.FLOAT,
  string: SimpleType.STRING,
  boolean: SimpleType.BOOLEAN,
  datetime: SimpleType.DATETIME,
  duration: SimpleType.DURATION,
  binary: SimpleType.BINARY,
  error: SimpleType.ERROR,
  struct: SimpleType.STRUCT,
};
const KIND_OF_SIMPLE = new Map<SimpleType, SimpleKind>(Object.entries(SIMPLE).map(([kind, simple]) => [simple, kind as SimpleKind]));
/** Flyte has no type for a workflow as a value: on the wire it is a struct with this tag. */
const WORKFLOW_TAG = "flyteops/workflow";

/** The flyteidl2 form of a type. */
export function toLiteralType(type: Type): LiteralType {
  return create(LiteralTypeSchema, type.kind === "workflow" ? { type: shapeOf(type), structure: { tag: WORKFLOW_TAG } } : { type: shapeOf(type) });
}

function shapeOf(type: Type): LiteralType["type"] {
  switch (type.kind) {
    case "file":
      return { case: "blob", value: blobType(type.format, BlobType_BlobDimensionality.SINGLE) };
    case "directory":
      return { case: "blob", value: blobType(undefined, BlobType_BlobDimensionality.MULTIPART) };
    case "dataset":
      return { case: "structuredDatasetType", value: datasetType(type) };
    case "list":
      return { case: "collectionType", value: toLiteralType(type.of) };
    case "map":
      return { case: "mapValueType", value: toLiteralType(type.of) };
    case "enum":
      return { case: "enumType", value: { $typeName: "flyteidl2.core.EnumType", values: [...type.values] } };
    case "union":
      return { case: "unionType", value: { $typeName: "flyteidl2.core.UnionType", variants: type.members.map(toLiteralType) } };
    case "workflow":
      return { case: "simple", value: SimpleType.STRUCT };
    default:
      return { case: "simple", value: SIMPLE[type.kind] };
  }
}

/** The blob type of a file or directory literal. */
export function blobType(format: string | undefined, dimensionality: BlobType_BlobDimensionality): BlobType {
  return { $typeName: "flyteidl2.core.BlobType", format: format ?? "", dimensionality };
}

/** The message of a dataset type, also carried by every dataset literal. */
export function datasetType(type: Extract<Type, { kind: "dataset" }>): StructuredDatasetType {
  const columns = (type.columns ?? []).map((column) =>
    create(StructuredDatasetType_DatasetColumnSchema, { name: column.name, literalType: toLiteralType(column.type) }),
  );
  return create(StructuredDatasetTypeSchema, { format: type.format ?? "", columns });
}

/**
 * The type a flyteidl2 message says, or undefined where this product has no word for it (Flyte's old schema type). A
 * directory's format, which Flyte only carries as a hint, and tags of union members are dropped; a union in a union is flattened.
 */
export function fromLiteralType(message: LiteralType): Type | undefined {
  const shape = message.type;
  switch (shape.case) {
    case "simple":
      return message.structure?.tag === WORKFLOW_TAG ? { kind: "workflow" } : simpleType(shape.value);
    case "collectionType":
      return wrap(fromLiteralType(shape.value), (of) => ({ kind: "list", of }));
    case "mapValueType":
      return wrap(fromLiteralType(shape.value), (of) => ({ kind: "map", of }));
    case "blob":
      return blobOf(shape.value);
    case "enumType":
      return { kind: "enum", values: shape.value.values };
    case "structuredDatasetType":
      return datasetOf(shape.value);
    case "unionType":
      return unionOf(shape.value.variants);
    default:
      return undefined;
  }
}

function wrap<T>(value: T | undefined, build: (value: T) => Type): Type | undefined {
  return value === undefined ? undefined : build(value);
}

function simpleType(simple: SimpleType): Type | undefined {
  return wrap(KIND_OF_SIMPLE.get(simple), (kind) => ({ kind }));
}

function blobOf(blob: BlobType): Type {
  if (blob.dimensionality === BlobType_BlobDimensionality.MULTIPART) return { kind: "directory" };
  return blob.format === "" ? { kind: "file" } : { kind: "file", format: blob.format };
}

function datasetOf(message: StructuredDatasetType): Type | undefined {
  const columns: Column[] = [];
  for (const column of message.columns) {
    const type = column.literalType === undefined ? undefined : fromLiteralType(column.literalType);
    if (type === undefined) return undefined;
    columns.push({ name: column.name, type });
  }
  return { kind: "dataset", ...(message.format === "" ? {} : { format: message.format }), ...(columns.length === 0 ? {} : { columns }) };
}

function unionOf(variants: readonly LiteralType[]): Type | undefined {
  const members: Type[] = [];
  for (const variant of variants) {
    const member = fromLiteralType(variant);
    if (member === undefined) return undefined;
    members.push(...(member.kind === "union" ? member.members : [member]));
  }
  return { kind: "union", members };
}
