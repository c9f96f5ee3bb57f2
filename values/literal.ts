import {
  BlobSchema,
  BlobType_BlobDimensionality,
  create,
  type Duration,
  fromBinary,
  type Literal,
  LiteralSchema,
  type Scalar,
  StructuredDatasetSchema,
  type Timestamp,
  toBinary,
  VoidSchema,
} from "../proto/index.ts";
import { blobType, datasetType, toLiteralType } from "./literal-type.ts";
import type { Type } from "./type.ts";

type BlobKind = Extract<Type, { kind: "file" | "directory" | "dataset" }>;
/** A JSON object as a protobuf Struct holds it. */
export type StructValue = Extract<Scalar["value"], { case: "generic" }>["value"];

function scalarLiteral(value: Scalar["value"]): Literal {
  return create(LiteralSchema, { value: { case: "scalar", value: { $typeName: "flyteidl2.core.Scalar", value } } });
}

type PrimitiveValue = Extract<Scalar["value"], { case: "primitive" }>["value"]["value"];
function primitive(value: PrimitiveValue): Literal {
  return scalarLiteral({ case: "primitive", value: { $typeName: "flyteidl2.core.Primitive", value } });
}

export const integerLiteral = (value: bigint): Literal => primitive({ case: "integer", value });
export const floatLiteral = (value: number): Literal => primitive({ case: "floatValue", value });
/** Also the literal of an enum. */
export const stringLiteral = (value: string): Literal => primitive({ case: "stringValue", value });
export const booleanLiteral = (value: boolean): Literal => primitive({ case: "boolean", value });
export const datetimeLiteral = (value: Timestamp): Literal => primitive({ case: "datetime", value });
export const durationLiteral = (value: Duration): Literal => primitive({ case: "duration", value });
export const structLiteral = (value: StructValue): Literal => scalarLiteral({ case: "generic", value });
export const noneLiteral = (): Literal => scalarLiteral({ case: "noneType", value: create(VoidSchema) });

/** `tag` says how the bytes are to be read; plain bytes have none. */
export function binaryLiteral(value: Uint8Array, tag = ""): Literal {
  return scalarLiteral({ case: "binary", value: { $typeName: "flyteidl2.core.Binary", value, tag } });
}

export function errorLiteral(message: string, failedNodeId = ""): Literal {
  return scalarLiteral({ case: "error", value: { $typeName: "flyteidl2.core.Error", message, failedNodeId } });
}

export function listLiteral(literals: Literal[]): Literal {
  return create(LiteralSchema, { value: { case: "collection", value: { $typeName: "flyteidl2.core.LiteralCollection", literals } } });
}

export function mapLiteral(literals: Iterable<readonly [key: string, literal: Literal]>): Literal {
  return create(LiteralSchema, { value: { case: "map", value: { $typeName: "flyteidl2.core.LiteralMap", literals: Object.fromEntries(literals) } } });
}

/** A value of a union: the member's literal together with the member's type. */
export function unionLiteral(member: Type, value: Literal): Literal {
  return scalarLiteral({ case: "union", value: { $typeName: "flyteidl2.core.Union", value, type: toLiteralType(member) } });
}

export interface BlobFacts {
  /** `sha256:…` of the content: stands for the value in cache keys. */
  readonly digest?: string;
  /** How many files a directory or dataset has, so that a reader can tell an empty one from a lost one. */
  readonly files?: number;
}

/** The literal of stored bytes: a file at `uri`, or every object under `uri/` for a directory or dataset. */
export function blobLiteral(type: BlobKind, uri: string, facts: BlobFacts = {}): Literal {
  const literal = scalarLiteral(blobScalar(type, uri));
  if (facts.digest !== undefined) literal.hash = facts.digest;
  if (facts.files !== undefined) literal.metadata["files"] = String(facts.files);
  return literal;
}

function blobScalar(type: BlobKind, uri: string): Scalar["value"] {
  if (type.kind === "dataset") {
    return { case: "structuredDataset", value: create(StructuredDatasetSchema, { uri, metadata: { structuredDatasetType: datasetType(type) } }) };
  }
  const dimensionality = type.kind === "file" ? BlobType_BlobDimensionality.SINGLE : BlobType_BlobDimensionality.MULTIPART;
  return { case: "blob", value: create(BlobSchema, { uri, metadata: { type: blobType(type.kind === "file" ? type.format : undefined, dimensionality) } }) };
}

/** The value inside any number of union wrappers. */
export function unwrap(literal: Literal): Literal {
  let inner = literal;
  for (;;) {
    const scalar = inner.value.case === "scalar" ? inner.value.value.value : undefined;
    if (scalar?.case !== "union" || scalar.value.value === undefined) return inner;
    inner = scalar.value.value;
  }
}

/** The scalar of a literal, through union wrappers; undefined for lists, maps and offloaded literals. */
export function scalarOf(literal: Literal): Scalar["value"] | undefined {
  const inner = unwrap(literal);
  return inner.value.case === "scalar" ? inner.value.value.value : undefined;
}

export function isNone(literal: Literal): boolean {
  return scalarOf(literal)?.case === "noneType";
}

/** Where the bytes of a file, directory or dataset literal lie. */
export interface BlobReference {
  readonly uri: string;
  readonly multipart: boolean;
  /** Known number of files of a directory or dataset. */
  readonly files?: number;
}

/** The stored bytes a literal stands for, or undefined when it is another kind of value. */
export function blobOf(literal: Literal): BlobReference | undefined {
  const scalar = scalarOf(literal);
  if (scalar?.case !== "blob" && scalar?.case !== "structuredDataset") return undefined;
  const multipart = scalar.case === "structuredDataset" || scalar.value.metadata?.type?.dimensionality === BlobType_BlobDimensionality.MULTIPART;
  const files = unwrap(literal).metadata["files"];
  return { uri: scalar.value.uri, multipart, ...(files === undefined ? {} : { files: Number(files) }) };
}

export function encodeLiteral(literal: Literal): Uint8Array {
  return toBinary(LiteralSchema, literal);
}

/** Throws on bytes that are no Literal. */
export function decodeLiteral(bytes: Uint8Array): Literal {
  return fromBinary(LiteralSchema, bytes);
}
