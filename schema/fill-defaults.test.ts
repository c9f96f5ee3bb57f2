import assert from "node:assert/strict";
import { anything, boolean, integer, list, map, object, string, values } from "./build.ts";
import { fillDefaults } from "./fill-defaults.ts";

const shape = object({
  size: integer().default(3).doc("x"),
  label: string().optional().doc("x"),
  nested: object({ on: boolean().default(true).doc("x") })
    .optional()
    .doc("x"),
  filled: object({ deep: integer().default(1).doc("x") })
    .default({})
    .doc("x"),
  rows: list(object({ n: integer().default(0).doc("x") }))
    .optional()
    .doc("x"),
  byName: map(object({ n: integer().default(0).doc("x") }))
    .optional()
    .doc("x"),
  inputs: values("literal").optional().doc("x"),
  any: anything().optional().doc("x"),
});
const fill = (value: unknown) => fillDefaults(shape.node, value);

describe("fillDefaults", () => {
  it("fills absent and null fields that have a default, also below one", () => {
    assert.deepEqual(fill({}), { size: 3, filled: { deep: 1 } });
    assert.deepEqual(fill({ size: null }), { size: 3, filled: { deep: 1 } });
  });

  it("fills below optional objects, entries and items only where they are", () => {
    assert.deepEqual(fill({ nested: {}, rows: [{}, { n: 5 }], byName: { a: {} } }), {
      size: 3,
      nested: { on: true },
      filled: { deep: 1 },
      rows: [{ n: 0 }, { n: 5 }],
      byName: { a: { n: 0 } },
    });
  });

  it("drops unknown and null fields, but keeps every value where any may stand", () => {
    assert.deepEqual(fill({ size: 1, label: null, other: 2, inputs: { a: null, b: { c: null } }, any: null, filled: {} }), {
      size: 1,
      filled: { deep: 1 },
      inputs: { a: null, b: { c: null } },
      any: null,
    });
  });

  it("leaves what has the wrong type to validation, and the given value as it was", () => {
    const given = { rows: 5, nested: [], byName: "x", filled: {} };
    assert.deepEqual(fill(given), { size: 3, ...given, filled: { deep: 1 } });
    assert.deepEqual(given, { rows: 5, nested: [], byName: "x", filled: {} });
    assert.equal(fill("text"), "text");
  });

  it("treats __proto__ as a key like any other", () => {
    const given = JSON.parse('{"byName": {"__proto__": {"n": 2}}}') as object;
    const filled = fill(given) as { byName: object };
    assert.deepEqual(Object.keys(filled.byName), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(filled.byName), Object.prototype);
  });
});
