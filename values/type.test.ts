import assert from "node:assert/strict";
import fc from "fast-check";
import { isTypeProblem, parseType } from "./parse-type.ts";
import { anyType } from "./arbitrary.ts";
import { acceptsNone, assignable, optionalOf, printType, sameType, type Type } from "./type.ts";

function typeOf(text: string): Type {
  const parsed = parseType(text);
  if (isTypeProblem(parsed)) throw new Error(`${text}: ${parsed.message}`);
  return parsed;
}

describe("values/type", () => {
  it("reads back every type it prints", () => {
    fc.assert(
      fc.property(anyType({ columns: false }), (type) => {
        const read = parseType(printType(type));
        assert.ok(!isTypeProblem(read), printType(type));
        assert.ok(sameType(read, type), `${printType(type)} became ${printType(read)}`);
      }),
      { numRuns: 500 },
    );
  });

  it("lets '|' bind weakest, inside brackets too", () => {
    assert.deepEqual(typeOf("list<integer | none> | none"), {
      kind: "union",
      members: [{ kind: "list", of: { kind: "union", members: [{ kind: "integer" }, { kind: "none" }] } }, { kind: "none" }],
    });
  });

  it("keeps enum values as written, without the space around them", () => {
    assert.deepEqual(typeOf("enum< a b | c, d|1 >"), { kind: "enum", values: ["a b", "c, d", "1"] });
  });

  const refused: ReadonlyArray<readonly [text: string, position: number, message: RegExp]> = [
    ["", 0, /expected a type/],
    ["integer |", 9, /expected a type/],
    ["strng", 0, /'strng' is not a type; the types are/],
    ["list<int>", 5, /did you mean integer/],
    ["String", 0, /did you mean string/],
    ["list", 0, /list<string>/],
    ["list<string", 4, /never closed/],
    ["map<list<string>", 3, /never closed/],
    ["list<string,integer>", 11, /found ','/],
    ["integer?", 7, /T \| none/],
    ["integer<csv>", 7, /takes nothing/],
    ["directory<csv>", 9, /takes nothing/],
    ["integer | float | integer", 18, /each type once/],
    ["file<>", 5, /expected a format/],
    ["file<a b>", 5, /not a format/],
    ["enum<>", 5, /is empty/],
    ["enum<a||b>", 7, /is empty/],
    ["enum<a|a>", 7, /twice/],
    ["enum<,a>", 5, /cannot be an enum value/],
    ["integer integer", 8, /unexpected 'i'/],
    [`${"list<".repeat(40)}string${">".repeat(40)}`, 165, /nested/],
    ["s".repeat(5000), 4096, /at most 4096/],
  ];
  for (const [text, position, message] of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))} at its position`, () => {
      const problem = parseType(text);
      assert.ok(isTypeProblem(problem));
      assert.match(problem.message, message);
      assert.equal(problem.position, position);
    });
  }

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."list<map enum|none>?, ") }), (text) => void parseType(text)));
  });

  it("takes T where T | none is wanted, never the other way round", () => {
    assert.ok(assignable(typeOf("integer"), typeOf("integer | none")));
    assert.ok(!assignable(typeOf("integer | none"), typeOf("integer")));
    assert.ok(assignable(typeOf("none"), typeOf("integer | none")));
    assert.ok(assignable(typeOf("list<integer>"), typeOf("list<integer | none>")));
    assert.ok(assignable(typeOf("integer | none"), typeOf("none | string | integer")));
  });

  it("never lets a reference coerce", () => {
    assert.ok(!assignable(typeOf("integer"), typeOf("float")));
    assert.ok(!assignable(typeOf("integer"), typeOf("string")));
    assert.ok(!assignable(typeOf("string"), typeOf("enum<a>")));
    assert.ok(!assignable(typeOf("file"), typeOf("file<csv>")));
  });

  it("lets the narrower type stand for the wider", () => {
    assert.ok(assignable(typeOf("enum<a|b>"), typeOf("string")));
    assert.ok(assignable(typeOf("enum<a>"), typeOf("enum<b|a>")));
    assert.ok(assignable(typeOf("file<csv>"), typeOf("file")));
    const wide: Type = {
      kind: "dataset",
      columns: [
        { name: "id", type: { kind: "integer" } },
        { name: "x", type: { kind: "float" } },
      ],
    };
    const narrow: Type = { kind: "dataset", columns: [{ name: "id", type: { kind: "integer" } }] };
    assert.ok(assignable(wide, narrow));
    assert.ok(!assignable(narrow, wide));
  });

  it("is reflexive and transitive", () => {
    const small = anyType({ depth: 1 });
    fc.assert(fc.property(small, (type) => assignable(type, type)));
    fc.assert(fc.property(small, small, small, (a, b, c) => !(assignable(a, b) && assignable(b, c)) || assignable(a, c)));
  });

  it("knows an optional type", () => {
    assert.deepEqual(optionalOf(typeOf("none | float")), { kind: "float" });
    assert.equal(optionalOf(typeOf("none | float | string")), undefined);
    assert.ok(acceptsNone(typeOf("none | float | string")));
    assert.ok(!acceptsNone(typeOf("list<integer | none>")));
  });
});
