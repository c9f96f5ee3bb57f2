import fc from "fast-check";
import { canonicalJson } from "../base/index.ts";
import { create, DurationSchema, equals, type Literal, LiteralSchema, TimestampSchema, toJson } from "../proto/index.ts";
import {
  binaryLiteral,
  blobLiteral,
  booleanLiteral,
  datetimeLiteral,
  durationLiteral,
  errorLiteral,
  floatLiteral,
  integerLiteral,
  listLiteral,
  mapLiteral,
  noneLiteral,
  stringLiteral,
  structLiteral,
  type StructValue,
  unionLiteral,
} from "./literal.ts";
import { mapKeyProblem } from "./map-key.ts";
import type { Type } from "./type.ts";

const timestamp = fc
  .record({ seconds: fc.bigInt(-62135596800n, 253402300799n), nanos: fc.oneof(fc.constant(0), fc.nat(999_999_999)) })
  .map((init) => create(TimestampSchema, init));
const duration = fc
  .bigInt(-(2n ** 63n), 2n ** 63n - 1n)
  .map((nanos) => create(DurationSchema, { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) }));
const text = fc.string({ unit: "grapheme" });
const key = fc
  .oneof(text, fc.constantFrom(".", "..", "../x", "a/b", "%", "%2F", "\0", ".hidden", "__proto__", "constructor"))
  .filter((one) => mapKeyProblem(one) === undefined);
const struct = fc.dictionary(text, fc.jsonValue({ maxDepth: 2 })).map((value) => JSON.parse(JSON.stringify(value)) as StructValue);

/** Any value of a type, in its wire form. Uris are `test:///…`. */
export function anyLiteral(type: Type): fc.Arbitrary<Literal> {
  switch (type.kind) {
    case "list":
      return fc.array(anyLiteral(type.of), { maxLength: 4 }).map(listLiteral);
    case "map":
      return fc.uniqueArray(fc.tuple(key, anyLiteral(type.of)), { selector: ([name]) => name, maxLength: 4 }).map(mapLiteral);
    case "union":
      return fc.oneof(...type.members.map((member) => anyLiteral(member).map((literal) => unionLiteral(member, literal))));
    case "file":
    case "directory":
    case "dataset":
      return fc.constantFrom("a", "b").map((name) => blobLiteral(type, `test:///${name}`));
    default:
      return anyScalar(type);
  }
}

function anyScalar(type: Type): fc.Arbitrary<Literal> {
  switch (type.kind) {
    case "integer":
      return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(integerLiteral);
    case "float":
      return fc.double().map(floatLiteral);
    case "boolean":
      return fc.boolean().map(booleanLiteral);
    case "datetime":
      return timestamp.map(datetimeLiteral);
    case "duration":
      return duration.map(durationLiteral);
    case "struct":
      return struct.map(structLiteral);
    case "binary":
      return fc.uint8Array().map((bytes) => binaryLiteral(bytes));
    case "error":
      return text.map((message) => errorLiteral(message));
    case "none":
      return fc.constant(noneLiteral());
    case "enum":
      return fc.constantFrom(...type.values).map(stringLiteral);
    default:
      return text.map(stringLiteral);
  }
}

/** Equality for tests: as protobuf sees it, except that NaN equals NaN. */
export function sameLiteral(left: Literal, right: Literal): boolean {
  const text = (literal: Literal) => canonicalJson(toJson(LiteralSchema, literal));
  return equals(LiteralSchema, left, right) || text(left) === text(right);
}
