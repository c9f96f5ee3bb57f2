import assert from "node:assert/strict";
import type { JsonSchema } from "./json-schema.ts";
import { compileStructural } from "./structural.ts";
import { validateStructural, type ValidateOptions } from "./validate.ts";

function problems(field: JsonSchema, value: unknown, options: ValidateOptions = {}): string[] {
  const schema = compileStructural({ type: "object", properties: { f: field } });
  return validateStructural(schema, { f: value }, options).map((cause) => `${cause.field}: ${cause.message}`);
}

/** The schema of a field, a value, and what is said of it. */
const table: Readonly<Record<string, readonly [JsonSchema, unknown, readonly string[]]>> = {
  "a wrong type": [{ type: "string" }, 1, ['f: Invalid value: "integer": f in body must be of type string: "integer"']],
  "null where none is allowed": [{ type: "string" }, null, ['f: Invalid value: "null": f in body must be of type string: "null"']],
  "null where it is allowed": [{ type: "string", nullable: true }, null, []],
  "null in an enum, even where null is allowed": [{ type: "string", nullable: true, enum: ["a"] }, null, ['f: Unsupported value: null: supported values: "a"']],
  "a whole number for a number": [{ type: "number" }, 1, []],
  "a fraction for an integer": [
    { type: "integer" },
    1.5,
    [
      'f: Invalid value: "number": f in body must be of type integer: "number"',
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in f',
    ],
  ],
  "an integer beyond int64": [
    { type: "integer" },
    2n ** 63n,
    [
      'f: Invalid value: "number": f in body must be of type integer: "number"',
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in f',
    ],
  ],
  "the largest int64": [{ type: "integer", format: "int64" }, 2n ** 63n - 1n, []],
  "an integer beyond int32": [
    { type: "integer", format: "int32" },
    2 ** 31,
    ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in f'],
  ],
  "a big integer above a maximum": [
    { type: "integer", maximum: 5 },
    2n ** 60n,
    ["f: Invalid value: 1152921504606846976: f in body should be less than or equal to 5"],
  ],
  "an exclusive minimum": [{ type: "integer", minimum: 1, exclusiveMinimum: true }, 1, ["f: Invalid value: 1: f in body should be greater than 1"]],
  "what is no multiple": [{ type: "integer", multipleOf: 3 }, 4, ["f: Invalid value: 4: f in body should be a multiple of 3"]],
  "too short": [{ type: "string", minLength: 3 }, "😀😀", ['f: Invalid value: "😀😀": f in body should be at least 3 chars long']],
  "long enough in characters": [{ type: "string", maxLength: 2 }, "😀😀", []],
  "too long": [{ type: "string", maxLength: 1 }, "ab", ["f: Too long: may not be more than 1 byte"]],
  "too few items": [{ type: "array", items: { type: "string" }, minItems: 1 }, [], ["f: Invalid value: 0: f in body should have at least 1 items"]],
  "too many items": [{ type: "array", items: { type: "string" }, maxItems: 1 }, ["a", "b"], ["f: Too many: 2: must have at most 1 item"]],
  "too many properties": [
    { type: "object", additionalProperties: { type: "string" }, maxProperties: 1 },
    { a: "", b: "" },
    ["f: Too many: 2: must have at most 1 item"],
  ],
  "a wrong item": [{ type: "array", items: { type: "string" } }, ["a", 1], ['f[1]: Invalid value: "integer": f[1] in body must be of type string: "integer"']],
  "a null key item of a set": [{ type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" }, ["a", "a", "a"], ['f[1]: Duplicate value: "a"']],
  "a format no server knows": [{ type: "string", format: "made-up" }, "anything", []],
  "a list where formatted text is wanted, as the real server lets it": [{ type: "string", format: "date" }, ["x"], []],
  "the negation of a match": [{ type: "string", not: { enum: ["x"] } }, "x", ['<nil>: Invalid value: "": "f" must not validate the schema (not)']],
  "the closest of several alternatives": [
    {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer" } },
      anyOf: [{ required: ["a"] }, { required: ["b"], properties: { b: { minimum: 5 } } }],
    },
    { b: 1 },
    ['<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)', "f.b: Invalid value: 1: f.b in body should be greater than or equal to 5"],
  ],
  "all of what all of must hold": [
    { type: "string", allOf: [{ minLength: 2 }, { pattern: "^a" }] },
    "b",
    [
      'f: Invalid value: "b": f in body should be at least 2 chars long',
      `f: Invalid value: "b": f in body should match '^a'`,
      '<nil>: Invalid value: "": "f" must validate all the schemas (allOf). None validated',
    ],
  ],
  "control characters in words of Go": [{ type: "string", enum: ["a"] }, 'x\n"\u0001', ['f: Unsupported value: "x\\n\\"\\x01": supported values: "a"']],
};

describe("validation by schema", () => {
  for (const [what, [schema, value, expected]] of Object.entries(table)) {
    it(`judges ${what}`, () => assert.deepEqual(problems(schema, value).sort(), [...expected].sort()));
  }

  it("reports a repeated mistake once", () => {
    const twice: JsonSchema = { type: "string", allOf: [{ minLength: 2 }, { minLength: 2 }] };
    assert.equal(problems(twice, "x").filter((text) => text.includes("at least 2 chars")).length, 1);
  });

  it("lets what was wrong stay wrong while it does not change", () => {
    const field: JsonSchema = { type: "object", properties: { bad: { type: "string", maxLength: 1 }, other: { type: "string" } } };
    const old = { f: { bad: "long", other: "a" } };
    assert.deepEqual(problems(field, { bad: "long", other: "b" }, { old }), []);
    assert.deepEqual(problems(field, { bad: "still long", other: "b" }, { old }), ["f.bad: Too long: may not be more than 1 byte"]);
  });

  it("tells items apart by key when it asks what changed", () => {
    const items: JsonSchema = { type: "object", required: ["name"], properties: { name: { type: "string" }, bad: { type: "string", maxLength: 1 } } };
    const list: JsonSchema = { type: "array", items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] };
    const old = { f: [{ name: "a", bad: "long" }] };
    assert.deepEqual(problems(list, [{ name: "b" }, { name: "a", bad: "long" }], { old }), []);
    assert.deepEqual(problems(list, [{ name: "b", bad: "long" }], { old }), ["f[0].bad: Too long: may not be more than 1 byte"]);
  });

  it("checks only the status on a write to the status", () => {
    const schema = compileStructural({
      type: "object",
      properties: { spec: { type: "string" }, status: { type: "object", required: ["phase"], properties: { phase: { type: "string" } } } },
    });
    const causes = validateStructural(schema, { spec: 1, status: {} }, { subresource: "status" });
    assert.deepEqual(causes, [{ reason: "FieldValueRequired", message: "Required value", field: "status.phase" }]);
  });
});
