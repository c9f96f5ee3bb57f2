import assert from "node:assert/strict";
import type { JsonSchema } from "./json-schema.ts";
import { prune } from "./prune.ts";
import { compileStructural } from "./structural.ts";

function pruned(properties: Readonly<Record<string, JsonSchema>>, object: Record<string, unknown>): [unknown, string[]] {
  const copy = structuredClone(object);
  const unknown = prune(compileStructural({ type: "object", properties }), copy);
  return [copy, unknown];
}

const text: JsonSchema = { type: "string" };

describe("pruning by schema", () => {
  it("drops unknown fields at any depth and names them as strict validation does", () => {
    const spec: JsonSchema = { type: "object", properties: { a: text, list: { type: "array", items: { type: "object", properties: { b: text } } } } };
    const [object, unknown] = pruned({ spec }, { spec: { a: "1", z: 1, list: [{ b: "1", y: 2 }] }, extra: {} });
    assert.deepEqual(object, { spec: { a: "1", list: [{ b: "1" }] } });
    assert.deepEqual(unknown, ["extra", "spec.list[0].y", "spec.z"]);
  });

  it("keeps apiVersion, kind and metadata, but not what metadata does not have", () => {
    const [object, unknown] = pruned({}, { apiVersion: "v1", kind: "K", metadata: { name: "n", labels: { a: "b" }, odd: 1 } });
    assert.deepEqual(object, { apiVersion: "v1", kind: "K", metadata: { name: "n", labels: { a: "b" } } });
    assert.deepEqual(unknown, ["metadata.odd"]);
  });

  it("forgets what is empty in metadata", () => {
    const [object] = pruned({}, { metadata: { name: "n", labels: {}, finalizers: [], annotations: null, generateName: "" } });
    assert.deepEqual(object, { metadata: { name: "n" } });
  });

  it("keeps everything below an open field, except below its named properties", () => {
    const open: JsonSchema = {
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      properties: { known: { type: "object", properties: { a: text } } },
    };
    const [object, unknown] = pruned({ open }, { open: { any: { thing: 1 }, known: { a: "1", z: 1 } } });
    assert.deepEqual(object, { open: { any: { thing: 1 }, known: { a: "1" } } });
    assert.deepEqual(unknown, ["open.known.z"]);
  });

  it("keeps every key of a map and prunes its values", () => {
    const map: JsonSchema = { type: "object", additionalProperties: { type: "object", properties: { a: text } } };
    assert.deepEqual(pruned({ map }, { map: { k: { a: "1", z: 1 } } }), [{ map: { k: { a: "1" } } }, ["map.k.z"]]);
  });

  it("keeps kind and metadata of an embedded resource", () => {
    const template: JsonSchema = { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: { type: "object" } } };
    const [object] = pruned({ template }, { template: { apiVersion: "v1", kind: "Pod", metadata: { name: "x", odd: 1 }, spec: {}, status: {} } });
    assert.deepEqual(object, { template: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec: {} } });
  });

  it("drops a null that may neither stay nor be defaulted, without calling it unknown", () => {
    const fields = { a: text, b: { ...text, nullable: true }, c: { ...text, default: "x" } };
    assert.deepEqual(pruned(fields, { a: null, b: null, c: null }), [{ b: null, c: null }, []]);
  });
});
