import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../base/index.ts";
import { equals, LiteralTypeSchema } from "../proto/index.ts";
import { anyLiteral, sameLiteral } from "./arbitrary-literal.ts";
import { anyType } from "./arbitrary.ts";
import { literalOf } from "./authored.ts";
import { literalFits } from "./fits.ts";
import { fromLiteralType, toLiteralType } from "./literal-type.ts";
import { decodeLiteral, encodeLiteral, integerLiteral, listLiteral, unionLiteral } from "./literal.ts";
import { isTypeProblem, parseType } from "./parse-type.ts";
import { isProblems, type ValueProblemCode } from "./problem.ts";
import { literalText, parseText } from "./text.ts";
import { literalToJson } from "./to-json.ts";
import { printType, sameType, type Type } from "./type.ts";
import { wrapUnion } from "./union.ts";

function typeOf(text: string): Type {
  const parsed = parseType(text);
  if (isTypeProblem(parsed)) throw new Error(`${text}: ${parsed.message}`);
  return parsed;
}

function jsonText(json: Json): string {
  return JSON.stringify(json, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

const typed = (types: fc.Arbitrary<Type>) => types.chain((type) => fc.tuple(fc.constant(type), anyLiteral(type)));

describe("values/literal", () => {
  it("maps every type to flyteidl2 and back", () => {
    fc.assert(
      fc.property(anyType(), (type) => {
        const back = fromLiteralType(toLiteralType(type));
        assert.ok(back !== undefined && sameType(back, type), printType(type));
      }),
    );
    assert.deepEqual(fromLiteralType(toLiteralType({ kind: "workflow" })), { kind: "workflow" });
    assert.ok(equals(LiteralTypeSchema, toLiteralType(typeOf("list<integer>")), toLiteralType(typeOf("list<integer>"))));
  });

  it("says undefined for a type that only Flyte knows", () => {
    const message = toLiteralType({ kind: "list", of: { kind: "string" } });
    if (message.type.case === "collectionType") message.type.value.type = { case: "schema", value: { $typeName: "flyteidl2.core.SchemaType", columns: [] } };
    assert.equal(fromLiteralType(message), undefined);
  });

  it("keeps every value over the wire, and every value fits its type", () => {
    fc.assert(
      fc.property(typed(anyType()), ([type, literal]) => {
        assert.ok(sameLiteral(decodeLiteral(encodeLiteral(literal)), literal));
        assert.ok(literalFits(type, literal), printType(type));
      }),
    );
  });

  it("reads back every value it writes as JSON", () => {
    fc.assert(
      fc.property(typed(anyType({ blobs: false })), ([type, literal]) => {
        const json = JSON.parse(JSON.stringify(literalToJson(type, literal))) as Json;
        const read = literalOf(type, json);
        assert.ok(!isProblems(read), `${printType(type)}: ${jsonText(json)}`);
        // JSON has no negative zero in JavaScript's writer
        assert.deepEqual(literalToJson(type, read), json);
      }),
      { numRuns: 300 },
    );
  });

  it("reads back every scalar it writes as text", () => {
    const scalars = fc.constantFrom<Type>(
      ...["integer", "float", "string", "boolean", "datetime", "duration", "struct", "binary", "error", "enum<a|b c|é>"].map(typeOf),
    );
    fc.assert(
      fc.property(typed(scalars), ([type, literal]) => {
        const text = literalText(literal);
        assert.ok(text !== undefined);
        const read = parseText(type, text);
        assert.ok(!isProblems(read), `${printType(type)}: ${text}`);
        assert.ok(sameLiteral(read, literal), `${printType(type)}: ${text}`);
        assert.ok(type.kind === "string" || type.kind === "binary" || type.kind === "error" || !isProblems(parseText(type, ` ${text}\n`)));
      }),
      { numRuns: 500 },
    );
  });

  const accepted: ReadonlyArray<readonly [type: string, authored: Json, json: Json]> = [
    ["integer", 1.0, 1],
    ["integer", "9223372036854775807", "9223372036854775807"],
    ["integer", 9223372036854775807n, "9223372036854775807"],
    ["integer", " +5 ", 5],
    ["float", 5, 5],
    ["float", "NaN", "NaN"],
    ["float", "-inf", "-Infinity"],
    ["float", "+Inf", "Infinity"],
    ["float", 9007199254740993n - 1n, 9007199254740992],
    ["boolean", "true", true],
    ["datetime", "2026-01-31", "2026-01-31T00:00:00Z"],
    ["datetime", "2026-01-31T10:00:00.123456789+02:00", "2026-01-31T08:00:00.123456789Z"],
    ["datetime", "2026-01-31 10:00:00.100Z", "2026-01-31T10:00:00.1Z"],
    ["datetime", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
    ["duration", "90s", "1m30s"],
    ["duration", "1.5h", "1h30m0s"],
    ["duration", "-1h2m3.5s", "-1h2m3.5s"],
    ["duration", "1500us", "1.5ms"],
    ["duration", "0", "0s"],
    ["binary", "AQI=", "AQI="],
    ["none", null, null],
    ["list<integer | none>", [1, null, "3"], [1, null, 3]],
    ["map<float>", { "a/b": 1, "..": "Infinity" }, { "a/b": 1, "..": "Infinity" }],
    ["struct", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
    ["integer | none", null, null],
    ["integer | none", 5, 5],
    ["float | integer", 5, { type: "integer", value: 5 }],
    ["float | integer", 5.5, { type: "float", value: 5.5 }],
    ["float | integer", { type: "float", value: 5 }, { type: "float", value: 5 }],
    ["integer | string", "5", { type: "string", value: "5" }],
    ["datetime | integer | none", "2026-01-31", { type: "datetime", value: "2026-01-31T00:00:00Z" }],
    ["enum<a|b> | none", "b", "b"],
    ["error", { message: "m" }, { failedNodeId: "", message: "m" }],
  ];
  for (const [type, authored, json] of accepted) {
    it(`takes ${jsonText(authored)} for ${type}`, () => {
      const literal = literalOf(typeOf(type), authored);
      assert.ok(!isProblems(literal));
      assert.deepEqual(literalToJson(typeOf(type), literal), json);
    });
  }

  const refused: ReadonlyArray<readonly [type: string, authored: Json, code: ValueProblemCode, path?: readonly (string | number)[]]> = [
    ["integer", 1.5, "LossyCoercion"],
    ["integer", 2 ** 53, "LossyCoercion"],
    ["integer", 2n ** 63n, "LossyCoercion"],
    ["integer", "1e3", "TypeMismatch"],
    ["integer", "0x10", "TypeMismatch"],
    ["integer", "", "TypeMismatch"],
    ["integer", true, "TypeMismatch"],
    ["float", "1e999", "LossyCoercion"],
    ["float", 9007199254740993n, "LossyCoercion"],
    ["float", "", "TypeMismatch"],
    ["string", 5, "TypeMismatch"],
    ["string", "\ud800", "LossyCoercion"],
    ["boolean", "yes", "TypeMismatch"],
    ["datetime", "2026-01-31T10:00:00", "InvalidValue"],
    ["datetime", "2026-02-30", "InvalidValue"],
    ["datetime", "2026-01-31T24:00:00Z", "InvalidValue"],
    ["datetime", "2026-01-31T10:00:00.1234567891Z", "LossyCoercion"],
    ["datetime", "10000-01-01T00:00:00Z", "InvalidValue"],
    ["datetime", "9999-12-31T23:59:59-01:00", "InvalidValue"],
    ["duration", "5", "InvalidValue"],
    ["duration", "s", "InvalidValue"],
    ["duration", "0.0000000001s", "LossyCoercion"],
    ["duration", "1h 5m", "InvalidValue"],
    ["binary", "not base64!", "InvalidValue"],
    ["none", "", "TypeMismatch"],
    ["list<integer>", "1,2", "TypeMismatch"],
    ["list<integer>", [1, "x", 2.5], "TypeMismatch", [1]],
    ["map<integer>", { "": 1 }, "InvalidValue", [""]],
    ["map<list<integer>>", { a: [1, null] }, "TypeMismatch", ["a", 1]],
    ["struct", [1], "TypeMismatch"],
    ["struct", { a: { b: 2n ** 60n + 1n } }, "LossyCoercion", ["a", "b"]],
    ["enum<a|b>", "c", "TypeMismatch"],
    ["integer | none", "x", "TypeMismatch"],
    ["datetime | duration", 5, "TypeMismatch"],
    ["file", "data.csv", "TypeMismatch"],
    ["file<csv>", { uri: "s3://b/x" }, "RemoteDataUnsupported"],
    ["list<file>", [{ uri: "file:///b/x" }], "RemoteDataUnsupported", [0]],
    ["workflow", {}, "TypeMismatch"],
  ];
  for (const [type, authored, code, path = []] of refused) {
    it(`refuses ${jsonText(authored)} for ${type}`, () => {
      const problems = literalOf(typeOf(type), authored);
      assert.ok(isProblems(problems));
      assert.equal(problems[0]?.code, code, problems[0]?.message ?? "");
      assert.deepEqual(problems[0]?.path, path);
    });
  }

  it("reports every wrong element, not only the first", () => {
    const problems = literalOf(typeOf("map<list<integer>>"), { a: ["x"], b: [1, true], c: [2] });
    assert.ok(isProblems(problems));
    assert.deepEqual(
      problems.map((one) => one.path),
      [
        ["a", 0],
        ["b", 1],
      ],
    );
  });

  it("will not guess between two members that could both be coerced", () => {
    const problems = literalOf(typeOf("binary | datetime | enum<x>"), "2026");
    assert.ok(!isProblems(problems));
    const both = literalOf(typeOf("integer | float"), true);
    assert.ok(isProblems(both));
    const ambiguous = literalOf(typeOf("binary | error"), "AQID");
    assert.ok(isProblems(ambiguous));
    assert.equal(ambiguous[0]?.code, "AmbiguousValue");
  });

  it("reads text as `-i name=value` gives it", () => {
    assert.ok(isProblems(parseText(typeOf("integer | string"), "5")));
    assert.ok(isProblems(parseText(typeOf("list<integer>"), "5")));
    assert.ok(isProblems(parseText(typeOf("string"), new Uint8Array([0xff]))));
    const optional = parseText(typeOf("integer | none"), "5\n");
    assert.ok(!isProblems(optional) && sameLiteral(optional, unionLiteral({ kind: "integer" }, integerLiteral(5n))));
  });

  it("wraps what enters a union, inside lists and from smaller unions, and leaves the rest alone", () => {
    const list = listLiteral([integerLiteral(1n)]);
    const wrapped = wrapUnion(list, typeOf("list<integer>"), typeOf("list<none | integer>"));
    assert.ok(sameLiteral(wrapped, listLiteral([unionLiteral({ kind: "integer" }, integerLiteral(1n))])));
    assert.equal(wrapUnion(list, typeOf("list<integer>"), typeOf("list<integer>")), list);
    fc.assert(
      fc.property(typed(anyType({ depth: 2 })), ([type, literal]) => {
        const target: Type =
          type.kind === "union" ? type : { kind: "union", members: type.kind === "none" ? [type, { kind: "float" }] : [type, { kind: "none" }] };
        const result = wrapUnion(literal, type, target);
        assert.ok(literalFits(target, result));
        const json = literalToJson(target, result);
        assert.deepEqual(json, type.kind === "union" || literalToJson(type, literal) === null ? literalToJson(target, literal) : literalToJson(type, literal));
      }),
    );
  });
});
