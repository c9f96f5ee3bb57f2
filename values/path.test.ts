import assert from "node:assert/strict";
import { stringifyJson } from "../base/index.ts";
import { errorLiteral, integerLiteral, listLiteral, mapLiteral, structLiteral, unionLiteral } from "./literal.ts";
import { offloadedLiteral } from "./offload.ts";
import { isTypeProblem, parseType } from "./parse-type.ts";
import { parsePath, pathType, pathValue, printAttributes } from "./path.ts";
import { isProblems } from "./problem.ts";
import { literalToJson } from "./to-json.ts";
import { printType, type Type } from "./type.ts";

function typeOf(text: string): Type {
  const parsed = parseType(text);
  if (isTypeProblem(parsed)) throw new Error(parsed.message);
  return parsed;
}

describe("values/path", () => {
  it("splits a reference into its segments", () => {
    for (const [text, segments] of [
      ["inputs.x", ["inputs", "x"]],
      ["nodes.train-fold.outputs.parts[0]", ["nodes", "train-fold", "outputs", "parts", 0]],
      ['nodes["train-fold"].outputs.m["a \\"b\\"].c"].d', ["nodes", "train-fold", "outputs", "m", 'a "b"].c', "d"]],
      ["x['it\\'s \"q\"']", ["x", 'it\'s "q"']],
    ] as const) {
      assert.deepEqual(parsePath(text), segments, text);
    }
  });

  for (const [text, position] of [
    ["", 0],
    [".x", 0],
    ["x.", 1],
    ["x[-1]", 1],
    ["x[a]", 1],
    ['x["a]', 1],
    ["x y", 1],
    ["x.1", 1],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} at its position`, () => {
      const problem = parsePath(text);
      assert.ok(!Array.isArray(problem));
      assert.equal(problem.position, position);
    });
  }

  it("prints what it reads", () => {
    assert.equal(printAttributes(["a", 0, "b c", "d"]), '.a[0]["b c"].d');
  });

  it("finds the type behind attributes, and says where it stops knowing", () => {
    const shown = (type: string, attributes: (string | number)[]) => {
      const found = pathType(typeOf(type), attributes);
      return isProblems(found) ? `${found[0]?.path.join()}: ${found[0]?.message}` : found === "unknown" ? found : printType(found as Type);
    };
    assert.equal(shown("list<map<integer>>", [0, "k"]), "integer");
    assert.equal(shown("struct", ["a", 0]), "unknown");
    assert.equal(shown("error", ["message"]), "string");
    assert.match(shown("list<integer>", ["k"]), /^k: a list has no \.k/);
    assert.match(shown("map<integer>", [0]), /keys of a map are strings/);
    assert.match(shown("map<integer>", ["k", "x"]), /^k,x: integer has no \.x/);
    assert.match(shown("list<integer> | none", [0]), /use \{expr: …\}/);
    assert.match(shown("string", [0]), /string has no \[0\]/);
  });

  it("finds the value behind attributes, through unions, maps, lists and structs", () => {
    const value = mapLiteral([
      ["a", listLiteral([integerLiteral(1n), unionLiteral({ kind: "integer" }, integerLiteral(2n))])],
      ["s", structLiteral({ n: 3, deep: [{ t: "x" }] })],
      ["e", errorLiteral("why", "n1")],
    ]);
    const found = (attributes: (string | number)[], type: string, want?: string) => {
      const result = pathValue(value, attributes, want === undefined ? undefined : typeOf(want));
      assert.ok(
        !isProblems(result) && "literal" in result,
        JSON.stringify(result, (_, one: unknown) => String(one)),
      );
      return literalToJson(typeOf(type), result.literal);
    };
    assert.equal(found(["a", 1], "integer"), 2);
    assert.equal(found(["s", "n"], "integer", "integer"), 3);
    assert.equal(found(["s", "n"], "float"), 3);
    assert.equal(found(["s", "deep", 0, "t"], "string", "string"), "x");
    assert.deepEqual(found(["s", "deep"], "list<struct>"), [{ t: "x" }]);
    assert.equal(found(["e", "message"], "string"), "why");
    for (const attributes of [["a", 2], ["b"], ["constructor"], ["a", "x"], ["s", "x"], ["s", "n", "x"]]) {
      const result = pathValue(value, attributes);
      assert.ok(isProblems(result) && result[0]?.code === "AttributeNotFound", attributes.join());
    }
    const mistyped = pathValue(value, ["s", "n"], typeOf("string"));
    assert.ok(isProblems(mistyped) && mistyped[0]?.code === "TypeMismatch" && mistyped[0].path.join() === "s,n");
  });

  it("asks for an offloaded value to be loaded, with what is left of the path", () => {
    const value = mapLiteral([["k", offloadedLiteral("test:///x", 9, typeOf("list<integer>"))]]);
    assert.deepEqual(pathValue(value, ["k", 0]), { load: "test:///x", attributes: [0] });
    const whole = pathValue(value, ["k"]);
    assert.ok(!isProblems(whole) && "literal" in whole && stringifyJson(literalToJson(typeOf("list<integer>"), whole.literal)) === '"test:///x"');
  });
});
