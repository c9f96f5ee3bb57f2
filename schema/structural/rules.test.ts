import assert from "node:assert/strict";
import type { JsonRule, JsonSchema } from "./json-schema.ts";
import { compileStructural } from "./structural.ts";
import { validateStructural } from "./validate.ts";

function problems(field: JsonSchema, rules: readonly JsonRule[], value: unknown, old?: unknown): string[] {
  const schema = compileStructural({ type: "object", properties: { f: { ...field, "x-kubernetes-validations": rules } } });
  const causes = validateStructural(schema, { f: value }, old === undefined ? {} : { old: { f: old } });
  return causes.map((cause) => `${cause.reason} ${cause.field}: ${cause.message}`);
}

const number: JsonSchema = { type: "integer" };
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({ type: "object", properties });

describe("rules in CEL", () => {
  it("pass in silence and fail with the rule when there is no message", () => {
    assert.deepEqual(problems(number, [{ rule: "self > 1" }], 2), []);
    assert.deepEqual(problems(number, [{ rule: "self > 1" }], 1), ["FieldValueInvalid f: Invalid value: 1: failed rule: self > 1"]);
  });

  it("say their message, their reason, and the field they are about", () => {
    const rule: JsonRule = { rule: "self.a == self.b", message: " must agree ", reason: "FieldValueForbidden", fieldPath: ".b" };
    assert.deepEqual(problems(object({ a: number, b: number }), [rule], { a: 1, b: 2 }), ["FieldValueForbidden f.b: Forbidden: must agree"]);
  });

  it("compute their message, and fall back to the fixed one when that fails", () => {
    const rule: JsonRule = { rule: "self < 5", message: "too big", messageExpression: "'at most 4, not ' + string(self)" };
    assert.deepEqual(problems(number, [rule], 9), ["FieldValueInvalid f: Invalid value: 9: at most 4, not 9"]);
    assert.deepEqual(problems(number, [{ ...rule, messageExpression: "string(1 / 0)" }], 9), ["FieldValueInvalid f: Invalid value: 9: too big"]);
  });

  it("about a change run only when there was a value before", () => {
    const rule: JsonRule = { rule: "self == oldSelf", message: "immutable" };
    assert.deepEqual(problems(number, [rule], 1), []);
    assert.deepEqual(problems(number, [rule], 2, 1), ["FieldValueInvalid f: Invalid value: 2: immutable"]);
  });

  it("may ask for the old value as an optional", () => {
    const rule: JsonRule = { rule: "oldSelf.hasValue() || self == 1", message: "starts at one", optionalOldSelf: true };
    assert.deepEqual(problems(number, [rule], 1), []);
    assert.deepEqual(problems(number, [rule], 2), ["FieldValueInvalid f: Invalid value: 2: starts at one"]);
    assert.deepEqual(problems(number, [rule], 2, 1), []);
  });

  it("tell integers from numbers by the schema", () => {
    assert.deepEqual(problems({ type: "number" }, [{ rule: "self + 0.5 == 1.5" }], 1), []);
    assert.deepEqual(problems(number, [{ rule: "self + 1 == 9007199254740994" }], 9007199254740993n), []);
  });

  it("see times, durations and names that are no identifiers", () => {
    assert.deepEqual(problems({ type: "string", format: "date-time" }, [{ rule: "self > timestamp('2020-01-01T00:00:00Z')" }], "2024-01-01T00:00:00Z"), []);
    assert.deepEqual(problems({ type: "string", format: "duration" }, [{ rule: "self < duration('1h')" }], "30m"), []);
    assert.deepEqual(problems(object({ "a-b": number, in: number }), [{ rule: "self.a__dash__b == self.__in__" }], { "a-b": 1, in: 1 }), []);
  });

  it("do not see what the schema does not declare", () => {
    const open: JsonSchema = { ...object({ a: number }), "x-kubernetes-preserve-unknown-fields": true };
    const [problem] = problems(open, [{ rule: "has(self.hidden)" }], { a: 1, hidden: 2 });
    assert.match(problem ?? "", /failed rule|evaluating rule/);
  });

  it("are not run on an object whose types are wrong", () => {
    const schema = compileStructural({ type: "object", properties: { a: number, f: { ...number, "x-kubernetes-validations": [{ rule: "self > 5" }] } } });
    const causes = validateStructural(schema, { a: "x", f: 1 });
    assert.deepEqual(
      causes.map((cause) => cause.reason),
      ["FieldValueTypeInvalid", "FieldValueInvalid"],
    );
    assert.match(causes[1]?.message ?? "", /^Invalid value: null: some validation rules were not checked/);
  });

  it("that fail keep quiet about what did not change", () => {
    const field = object({ a: { ...number, "x-kubernetes-validations": [{ rule: "self > 5" }] }, b: number });
    assert.deepEqual(problems(field, [], { a: 1, b: 2 }, { a: 1, b: 1 }), []);
    assert.equal(problems(field, [], { a: 2, b: 2 }, { a: 1, b: 1 }).length, 1);
  });

  it("reach into lists and maps, and name the place", () => {
    const checked: JsonSchema = { ...number, "x-kubernetes-validations": [{ rule: "self > 5", message: "small" }] };
    assert.deepEqual(problems({ type: "array", items: checked }, [], [9, 1]), ["FieldValueInvalid f[1]: Invalid value: 1: small"]);
    assert.deepEqual(problems({ type: "object", additionalProperties: checked }, [], { k: 1 }), ["FieldValueInvalid f[k]: Invalid value: 1: small"]);
  });

  it("at the root may read the object's name", () => {
    const schema = compileStructural({
      type: "object",
      properties: {},
      "x-kubernetes-validations": [{ rule: "self.metadata.name == 'only'", message: "be only" }],
    });
    assert.deepEqual(validateStructural(schema, { metadata: { name: "only" } }), []);
    assert.deepEqual(validateStructural(schema, { metadata: { name: "other" } }), [
      { reason: "FieldValueInvalid", message: "Invalid value: be only", field: "<nil>" },
    ]);
  });
});
