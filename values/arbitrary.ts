import fc from "fast-check";
import { sameType, type Type } from "./type.ts";

/** Generators for property tests. Never part of the door. */
const simple = fc.constantFrom<Type>(
  ...(["integer", "float", "string", "boolean", "datetime", "duration", "struct", "binary", "error", "none"] as const).map((kind) => ({ kind })),
);
const format = fc.constantFrom("csv", "json", "tar.gz", "parquet");
const enumType = fc
  .uniqueArray(fc.constantFrom("a", "b", "c d", "1", "true", "-", "é"), { minLength: 1, maxLength: 4 })
  .map((values): Type => ({ kind: "enum", values }));

function blobType(columns: boolean): fc.Arbitrary<Type> {
  const column = fc.record({ name: fc.constantFrom("id", "x", "y"), type: simple }, { noNullPrototype: true });
  return fc.oneof(
    fc.record({ format: format }, { requiredKeys: [], noNullPrototype: true }).map((rest): Type => ({ kind: "file", ...rest })),
    fc.constant<Type>({ kind: "directory" }),
    columns
      ? fc
          .record({ format, columns: fc.uniqueArray(column, { selector: (one) => one.name, minLength: 1 }) }, { requiredKeys: [], noNullPrototype: true })
          .map((rest): Type => ({ kind: "dataset", ...rest }))
      : fc.record({ format }, { requiredKeys: [], noNullPrototype: true }).map((rest): Type => ({ kind: "dataset", ...rest })),
  );
}

/** Any type but `workflow`, nested at most `depth` (default 3) deep. */
export function anyType(options: { readonly columns?: boolean; readonly depth?: number; readonly blobs?: boolean } = {}): fc.Arbitrary<Type> {
  const leaf = options.blobs === false ? fc.oneof(simple, enumType) : fc.oneof(simple, enumType, blobType(options.columns ?? true));
  return typeOfDepth(options.depth ?? 3, leaf);
}

function typeOfDepth(depth: number, leaf: fc.Arbitrary<Type>): fc.Arbitrary<Type> {
  if (depth === 0) return leaf;
  const inner = typeOfDepth(depth - 1, leaf);
  const nested = fc.record({ kind: fc.constantFrom("list" as const, "map" as const), of: inner }, { noNullPrototype: true });
  const member = fc.oneof({ weight: 2, arbitrary: leaf }, nested).filter((type) => type.kind !== "union");
  const union = fc.uniqueArray(member, { minLength: 2, maxLength: 3, comparator: sameType }).map((members): Type => ({ kind: "union", members }));
  return fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: nested }, union);
}
