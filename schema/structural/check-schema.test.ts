import assert from "node:assert/strict";
import { checkStructuralSchema } from "./check-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

function problems(field: unknown): string[] {
  const causes = checkStructuralSchema({ type: "object", properties: { f: field as JsonSchema } }, "schema");
  return causes.map((cause) => `${cause.field}: ${cause.message}`.replaceAll("schema.properties[f]", "f"));
}

const text = { type: "string" };
const table: Readonly<Record<string, readonly [unknown, readonly string[]]>> = {
  "a field without a type": [{}, ["f.type: Required value: must not be empty for specified object fields"]],
  "an open field without a type": [{ "x-kubernetes-preserve-unknown-fields": true }, []],
  "items without a type": [{ type: "array", items: {} }, ["f.items.type: Required value: must not be empty for specified array items"]],
  "a list without items": [{ type: "array" }, ["f.items: Required value: must be specified"]],
  "a type inside a junctor": [{ ...text, anyOf: [{ type: "string" }] }, ["f.anyOf[0].type: Forbidden: must be empty to be structural"]],
  "the two types of int-or-string": [{ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }, []],
  "a default inside a junctor": [{ ...text, oneOf: [{ default: "x" }] }, ["f.oneOf[0].default: Forbidden: must be undefined to be structural"]],
  "a property that only a junctor names": [
    { type: "object", properties: {}, anyOf: [{ properties: { a: { minLength: 1 } } }] },
    ["f.properties[a]: Required value: because it is defined in f.anyOf[0].properties[a]"],
  ],
  "a pattern that is none": [
    { ...text, pattern: "(" },
    ['f.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`'],
  ],
  "a pattern that RE2 does not have": [
    { ...text, pattern: "a(?=b)" },
    ['f.pattern: Invalid value: "a(?=b)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ],
  "properties beside additionalProperties": [
    { type: "object", properties: { a: text }, additionalProperties: text },
    ["f.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"],
  ],
  uniqueItems: [
    { type: "array", items: text, uniqueItems: true },
    ["f.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"],
  ],
  "a list map without keys": [
    { type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" },
    ["f.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"],
  ],
  "a key that may be absent": [
    { type: "array", items: { type: "object", properties: { a: text } }, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"] },
    ["f.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"],
  ],
  "a default of the wrong type": [{ type: "integer", default: "x" }, ['f.default: Invalid value: "string": ']],
  "a default with an unknown field": [
    { type: "object", properties: { a: text }, default: { b: 1 } },
    ['f.default: Invalid value: {"b":1}: must not have unknown fields'],
  ],
  "a rule that does not compile": [{ ...text, "x-kubernetes-validations": [{ rule: "self.(" }] }, ["f.x-kubernetes-validations[0].rule: Invalid value:"]],
  "a rule that gives no bool": [{ ...text, "x-kubernetes-validations": [{ rule: "1" }] }, ["f.x-kubernetes-validations[0].rule: Invalid value:"]],
  "a rule about a field that is not there": [
    { type: "object", properties: { a: text }, "x-kubernetes-validations": [{ rule: "true", fieldPath: ".b" }] },
    ['f.x-kubernetes-validations[0].fieldPath: Invalid value: ".b": must be a valid path'],
  ],
  "a rule on a field without a type": [
    { "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{ rule: "true" }] },
    ["f.x-kubernetes-validations: Forbidden: must not be specified where no type is"],
  ],
  "a reference": [{ $ref: "#/x" }, ["f.$ref: Forbidden: $ref is not supported", "f.type: Required value: must not be empty for specified object fields"]],
};

describe("schemas a CRD may carry", () => {
  for (const [what, [schema, expected]] of Object.entries(table)) {
    it(`${expected.length === 0 ? "accepts" : "refuses"} ${what}`, () => {
      const found = problems(schema);
      assert.equal(found.length, expected.length, found.join("\n"));
      expected.forEach((text, index) => assert.ok(found[index]?.startsWith(text), found[index]));
    });
  }

  it("wants an object at the root, without restrictions of metadata", () => {
    assert.deepEqual(
      checkStructuralSchema({ type: "string" }, "s").map((cause) => cause.field),
      ["s.type"],
    );
    const metadata: JsonSchema = { type: "object", properties: { labels: { type: "object", additionalProperties: { type: "string" } } } };
    assert.deepEqual(
      checkStructuralSchema({ type: "object", properties: { metadata } }, "s").map((cause) => cause.reason),
      ["FieldValueForbidden"],
    );
    assert.deepEqual(
      checkStructuralSchema({ type: "object", properties: { metadata: { type: "object", properties: { name: { type: "string", maxLength: 5 } } } } }),
      [],
    );
  });
});
