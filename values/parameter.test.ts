import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json, JsonObject } from "../base/index.ts";
import { fromBinary, toBinary, TypedInterfaceSchema } from "../proto/index.ts";
import { anyType } from "./arbitrary.ts";
import { literalOf } from "./authored.ts";
import { interfaceOf, isParameterProblems, type Parameter, parametersOf, parseParameters, typedInterface } from "./parameter.ts";
import { previewOf } from "./preview.ts";
import { isProblems } from "./problem.ts";

function parsed(authored: JsonObject): Parameter[] {
  const parameters = parseParameters(authored);
  if (isParameterProblems(parameters)) throw new Error(parameters[0]?.message);
  return parameters as Parameter[];
}

describe("values/parameter", () => {
  it("reads a type string or an object, in order", () => {
    assert.deepEqual(
      parsed({ b: "integer", a: { type: "float", default: 0.1, description: "rate" }, d: { type: "dataset<parquet>", columns: { id: "integer" } } }),
      [
        { name: "b", type: { kind: "integer" } },
        { name: "a", type: { kind: "float" }, default: 0.1, description: "rate" },
        { name: "d", type: { kind: "dataset", format: "parquet", columns: [{ name: "id", type: { kind: "integer" } }] } },
      ],
    );
  });

  const refused: ReadonlyArray<readonly [authored: JsonObject, path: readonly (string | number)[], message: RegExp]> = [
    [{ x: "intger" }, ["x"], /type "intger", character 1: 'intger' is not a type/],
    [{ x: { type: "list<int>" } }, ["x", "type"], /character 6: .*integer/],
    [{ x: { typ: "integer" } }, ["x", "typ"], /no field typ/],
    [{ x: { description: "d" } }, ["x", "type"], /needs a type/],
    [{ x: true as Json }, ["x"], /not a boolean/],
    [{ "1x": "integer" }, ["1x"], /not a name/],
    [{ "a-b": "integer" }, ["a-b"], /not a name/],
    [{ ["a".repeat(64)]: "integer" }, ["a".repeat(64)], /not a name/],
    [{ in: "integer" }, ["in"], /word of CEL/],
    [{ Rate: "integer", rate: "integer" }, ["rate"], /differ only in case/],
    [{ x: { type: "integer", columns: {} } }, ["x", "columns"], /only a dataset/],
    [{ x: { type: "dataset", columns: { id: "intt" } } }, ["x", "columns", "id"], /column id/],
    [{ x: { type: "file", download: "Lazy" } }, ["x", "download"], /Eager or None/],
    [{ x: { type: "list<file>", download: "None" } }, ["x", "download"], /for a file, directory or dataset, not for list<file>/],
  ];
  for (const [authored, path, message] of refused) {
    it(`refuses ${JSON.stringify(authored).slice(0, 50)}`, () => {
      const problems = parseParameters(authored);
      assert.ok(isParameterProblems(problems));
      assert.deepEqual(problems[0]?.path, path);
      assert.match(problems[0]?.message ?? "", message);
    });
  }

  it("survives the wire with everything the pod must know", () => {
    const name = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,10}$/).filter((one) => !isParameterProblems(parseParameters({ [one]: "integer" })));
    const parameter = fc.record(
      { name, type: anyType(), description: fc.string({ minLength: 1 }), sensitive: fc.constant(true), download: fc.constant("None" as const) },
      { requiredKeys: ["name", "type"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.uniqueArray(parameter, { selector: (one) => one.name, maxLength: 4 }), (parameters) => {
        const bytes = toBinary(TypedInterfaceSchema, typedInterface(parameters, []));
        assert.deepEqual(parametersOf(fromBinary(TypedInterfaceSchema, bytes).inputs), parameters);
      }),
    );
  });

  it("builds the interface of a spec, or says every problem of both sides", () => {
    const message = interfaceOf({ inputs: { x: "integer" }, outputs: { y: "file" } });
    assert.ok(!isProblems(message));
    assert.equal(message.outputs?.variables[0]?.key, "y");
    const problems = interfaceOf({ inputs: { x: "integr" }, outputs: { y: "fil" } });
    assert.ok(isProblems(problems));
    assert.deepEqual(
      problems.map(({ path }) => path),
      [
        ["inputs", "x"],
        ["outputs", "y"],
      ],
    );
  });

  it("previews small scalars only, 4 KiB together, never what is sensitive", () => {
    const parameters = parsed({
      loss: "float",
      big: "string",
      token: { type: "string", sensitive: true },
      list: "list<integer>",
      none: "integer | none",
      some: "integer | none",
    });
    const values: JsonObject = { loss: 0.12, big: "x".repeat(255), token: "secret", list: [1], none: null, some: 5 };
    const literals = Object.fromEntries(
      parameters.map(({ name, type }) => {
        const literal = literalOf(type, values[name] ?? null);
        assert.ok(!isProblems(literal));
        return [name, literal];
      }),
    );
    assert.deepEqual(previewOf(parameters, literals), { loss: 0.12, some: 5 });
    const many = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const texts = parsed(Object.fromEntries(many.map((name) => [name, "string"])));
    const text = literalOf({ kind: "string" }, "y".repeat(250));
    assert.ok(!isProblems(text));
    const preview = previewOf(texts, Object.fromEntries(many.map((name) => [name, text])));
    const size = JSON.stringify(preview).length;
    assert.ok(size <= 4096 && size > 3500, String(size));
  });
});
