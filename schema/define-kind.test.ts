import assert from "node:assert/strict";
import { boolean, type Column, defineKind, integer, list, map, object, type ObjectOf, oneOf, open, string, textOrObject } from "./index.ts";

const place = { group: "example.dev", version: "v1", kind: "Widget", plural: "widgets", shortNames: [], namespaced: true, doc: "A widget." } as const;
const spec = object({
  size: integer({ minimum: 1 }).default(3).doc("How large."),
  colour: oneOf("red", "green").optional().doc("Which colour."),
  label: string().doc("What it says."),
  nested: object({ on: boolean().doc("Whether it is on.") })
    .optional()
    .doc("More."),
});
const status = object({ phase: string().optional().doc("Where it stands.") });
const conditions = { Ready: "It works." } as const;
const declare = (columns: readonly Column[] = []) => defineKind({ ...place, spec, status, conditions, columns: columns as [] });
const Widget = declare();

describe("defineKind", () => {
  it("refuses, when compiled, a column whose path names no field", () => {
    defineKind({ ...place, spec, status, conditions, columns: [{ name: "Phase", path: "status.phase", doc: "." }] });
    defineKind({ ...place, spec, status, conditions, columns: [{ name: "On", path: "spec.nested.on", doc: "." }] });
    // @ts-expect-error misspelled
    defineKind({ ...place, spec, status, conditions, columns: [{ name: "Phase", path: "status.pase", doc: "." }] });
    // @ts-expect-error one step too deep
    defineKind({ ...place, spec, status, conditions, columns: [{ name: "Phase", path: "status.phase.x", doc: "." }] });
  });

  it("refuses, when compiled, a column of a condition that is not declared", () => {
    defineKind({ ...place, spec, status, conditions, columns: [{ name: "Ready", condition: "Ready", doc: "." }] });
    // @ts-expect-error misspelled
    defineKind({ ...place, spec, status, conditions, columns: [{ name: "Ready", condition: "Reedy", doc: "." }] });
  });

  it("refuses to generate a column that only a cast let through", () => {
    assert.throws(() => declare([{ name: "Phase", path: "status.pase", doc: "." }]).crd(), /no such field/);
  });

  it("infers what a controller reads and what an author writes", () => {
    const read: ObjectOf<typeof Widget>["spec"] = { size: 3, label: "x" };
    read.colour = "red";
    // @ts-expect-error a default is there after parsing
    const missing: ObjectOf<typeof Widget>["spec"] = { label: "x" };
    // @ts-expect-error not one of the words
    read.colour = "blue";
    assert.ok(missing);
  });

  it("adds observedGeneration and conditions, keyed by type, to every status", () => {
    const version = versionOf(Widget.crd());
    const { properties } = version.schema.openAPIV3Schema.properties.status;
    assert.equal(properties["conditions"]?.["x-kubernetes-list-type"], "map");
    assert.deepEqual(properties["conditions"]?.["x-kubernetes-list-map-keys"], ["type"]);
    assert.ok(properties["observedGeneration"]);
    assert.deepEqual(version.subresources, { status: {} });
  });

  it("has a status before a controller has seen the object, so that tools say in progress and not ready", () => {
    assert.deepEqual(versionOf(Widget.crd()).schema.openAPIV3Schema.properties.status.default, { observedGeneration: -1 });
  });
});

interface Version {
  subresources: unknown;
  schema: { openAPIV3Schema: { properties: { status: { default: unknown; properties: Record<string, Record<string, unknown>> } } } };
}

function versionOf(crd: object): Version {
  const [version] = (crd as { spec: { versions: Version[] } }).spec.versions;
  assert.ok(version);
  return version;
}

describe("generation", () => {
  const generate = (fields: Parameters<typeof object>[0]) => () => defineKind({ ...place, spec: object(fields), status, conditions, columns: [] }).crd();

  it("fails for a field without documentation", () => {
    assert.throws(generate({ bare: string() }), /spec\.bare: every field needs a line of documentation/);
    assert.throws(generate({ deep: list(map(object({ bare: string() }))).doc("x") }), /spec\.deep\[\]\.\*\.bare/);
  });

  it("fails for documentation of several lines", () => {
    assert.throws(generate({ a: string().doc("one\ntwo") }), /one line/);
  });

  it("fails for a default that could never change", () => {
    assert.throws(generate({ a: string().default("x").immutable().doc("x") }), /immutable field may not have a default/);
  });

  it("fails for a default inside a value without a type, which the server would never apply", () => {
    const form = object({ type: string().doc("x"), more: string().default("y").doc("x") });
    assert.throws(generate({ a: textOrObject(string(), form).doc("x") }), /default inside a value without a type/);
  });

  it("keeps fields of others open", () => {
    const crd = generate({ pod: open().optional().doc("x") })() as unknown as {
      spec: { versions: [{ schema: { openAPIV3Schema: { properties: { spec: unknown } } } }] };
    };
    assert.deepEqual(crd.spec.versions[0].schema.openAPIV3Schema.properties.spec, {
      description: "What is wanted.",
      type: "object",
      properties: { pod: { description: "x", type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    });
  });
});
