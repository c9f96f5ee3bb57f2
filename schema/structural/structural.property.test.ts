import assert from "node:assert/strict";
import fc from "fast-check";
import { checkStructuralSchema } from "./check-schema.ts";
import { defaultObject } from "./default-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { prune } from "./prune.ts";
import { compileStructural } from "./structural.ts";
import { validateStructural } from "./validate.ts";

const NAMES = ["a", "b", "c"];

const scalar: fc.Arbitrary<JsonSchema> = fc.constantFrom<JsonSchema>(
  { type: "string" },
  { type: "string", default: "d" },
  { type: "integer", default: 3 },
  { type: "boolean", nullable: true },
  { type: "string", enum: ["x", "y"], default: "x" },
  { "x-kubernetes-int-or-string": true },
);

const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.dictionary(fc.constantFrom(...NAMES), tie("schema"), { maxKeys: 3 }).map((properties): JsonSchema => ({ type: "object", properties })),
    tie("schema").map((items): JsonSchema => ({ type: "array", items })),
    tie("schema").map((additionalProperties): JsonSchema => ({ type: "object", additionalProperties })),
    fc.constant<JsonSchema>({ type: "object", "x-kubernetes-preserve-unknown-fields": true }),
  ),
}));

const root = fc.dictionary(fc.constantFrom(...NAMES), schema, { maxKeys: 3 }).map((properties): JsonSchema => ({ type: "object", properties }));
const value = fc.dictionary(
  fc.constantFrom(...NAMES, "z"),
  fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(null, true, 1, 1.5, "x", "d"),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...NAMES, "z"), tie("node"), { maxKeys: 3 }),
    ),
  })).node,
  { maxKeys: 4 },
);

describe("structural schemas, for any schema and any object", () => {
  it("are stable: after defaulting and pruning once, doing both again changes nothing", () => {
    fc.assert(
      fc.property(root, value, (json, object) => {
        const compiled = compileStructural(json);
        const once = structuredClone(object);
        prune(compiled, once);
        defaultObject(compiled, once);
        const twice = structuredClone(once);
        assert.deepEqual(prune(compiled, twice), []);
        defaultObject(compiled, twice);
        assert.deepEqual(twice, once);
      }),
      { numRuns: 300 },
    );
  });

  it("never throw, and give the same verdict twice", () => {
    fc.assert(
      fc.property(root, value, (json, object) => {
        assert.deepEqual(checkStructuralSchema(json), []);
        const compiled = compileStructural(json);
        assert.deepEqual(validateStructural(compiled, object), validateStructural(compiled, object));
      }),
      { numRuns: 300 },
    );
  });

  it("accept on update what was there before, whatever it is", () => {
    fc.assert(
      fc.property(root, value, (json, object) => assert.deepEqual(validateStructural(compileStructural(json), object, { old: structuredClone(object) }), [])),
      { numRuns: 200 },
    );
  });
});
