import assert from "node:assert/strict";
import { defaultObject } from "./default-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { compileStructural } from "./structural.ts";

function defaulted(schema: JsonSchema, value: unknown): unknown {
  const copy: unknown = structuredClone(value);
  defaultObject(compileStructural(schema), copy);
  return copy;
}

const text: JsonSchema = { type: "string", default: "x" };

describe("defaulting by schema", () => {
  it("fills in what is absent and keeps what is there", () => {
    const schema: JsonSchema = { type: "object", properties: { a: text, b: text } };
    assert.deepEqual(defaulted(schema, { a: "y" }), { a: "y", b: "x" });
  });

  it("does not make an object in order to fill it", () => {
    assert.deepEqual(defaulted({ type: "object", properties: { inner: { type: "object", properties: { a: text } } } }, {}), {});
  });

  it("fills the default of a field with the defaults below it", () => {
    const inner: JsonSchema = { type: "object", default: { b: "1" }, properties: { a: text, b: { type: "string" } } };
    assert.deepEqual(defaulted({ type: "object", properties: { inner } }, {}), { inner: { b: "1", a: "x" } });
  });

  it("goes into lists and maps", () => {
    const item: JsonSchema = { type: "object", properties: { a: text } };
    const schema: JsonSchema = { type: "object", properties: { list: { type: "array", items: item }, map: { type: "object", additionalProperties: item } } };
    assert.deepEqual(defaulted(schema, { list: [{}, { a: "y" }], map: { k: {} } }), { list: [{ a: "x" }, { a: "y" }], map: { k: { a: "x" } } });
  });

  it("replaces a null that is not allowed and keeps one that is", () => {
    const schema: JsonSchema = { type: "object", properties: { a: text, b: { ...text, nullable: true } } };
    assert.deepEqual(defaulted(schema, { a: null, b: null }), { a: "x", b: null });
  });

  it("never shares a default between objects", () => {
    const schema = compileStructural({ type: "object", properties: { list: { type: "array", items: { type: "string" }, default: [] } } });
    const [one, two] = [{} as { list?: string[] }, {} as { list?: string[] }];
    defaultObject(schema, one);
    defaultObject(schema, two);
    one.list?.push("changed");
    assert.deepEqual(two.list, []);
  });

  it("leaves a value of the wrong type to validation", () => {
    assert.equal(defaulted({ type: "object", properties: { a: text } }, "not an object"), "not an object");
  });

  it("treats __proto__ as a name like any other", () => {
    const schema = compileStructural({ type: "object", additionalProperties: { type: "object", properties: { polluted: text } } });
    defaultObject(schema, JSON.parse('{"__proto__": {}}'));
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
});
