import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";

const TEXT = { type: "string" };
const INTEGER = { type: "integer" };
const rule = (text: string, more: Record<string, unknown> = {}) => [{ rule: text, ...more }];

/** One field for each thing that a schema or a rule can demand. */
const spec: Record<string, unknown> = {
  min: { ...INTEGER, minimum: 2 },
  above: { type: "number", minimum: 2, exclusiveMinimum: true },
  max: { ...INTEGER, maximum: 5 },
  below: { ...INTEGER, maximum: 5, exclusiveMaximum: true },
  multiple: { type: "number", multipleOf: 0.5 },
  pattern: { ...TEXT, pattern: "^a+$" },
  long: { ...TEXT, minLength: 2 },
  short: { ...TEXT, maxLength: 3 },
  one: { ...TEXT, enum: ["a", "b"] },
  few: { type: "array", items: INTEGER, minItems: 2, maxItems: 3 },
  fields: { type: "object", additionalProperties: INTEGER, minProperties: 1, maxProperties: 2 },
  either: { type: "object", properties: { a: INTEGER, b: INTEGER }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
  some: { type: "object", properties: { a: INTEGER, b: INTEGER }, anyOf: [{ required: ["a"] }, { required: ["b"] }] },
  both: { ...INTEGER, allOf: [{ minimum: 2 }, { maximum: 5 }] },
  never: { ...TEXT, not: { enum: ["x"] } },
  nullable: { ...TEXT, nullable: true },
  plain: TEXT,
  filled: { ...TEXT, default: "d" },
  mixed: { "x-kubernetes-int-or-string": true },
  open: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { known: INTEGER } },
  inside: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
  set: { type: "array", items: TEXT, "x-kubernetes-list-type": "set" },
  keyed: {
    type: "array",
    items: {
      type: "object",
      required: ["k"],
      properties: { k: TEXT, v: { ...INTEGER, "x-kubernetes-validations": rule("self >= oldSelf", { message: "shrinks" }) } },
    },
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
  },
  needed: { type: "object", required: ["a"], properties: { a: INTEGER } },
  small: { ...INTEGER, format: "int32" },
  when: { ...TEXT, format: "date-time" },
  address: { ...TEXT, format: "ipv4" },
  bytes: { ...TEXT, format: "byte" },
  grows: { ...INTEGER, "x-kubernetes-validations": rule("self >= oldSelf", { message: "may not shrink" }) },
  begins: {
    ...INTEGER,
    "x-kubernetes-validations": rule("oldSelf.hasValue() ? self >= oldSelf.value() : self > 5", { optionalOldSelf: true, message: "begins above five" }),
  },
  told: { ...INTEGER, "x-kubernetes-validations": rule("self < 10", { messageExpression: "self > 20 ? 'far too much' : 'too much'" }) },
  blamed: {
    type: "object",
    properties: { a: INTEGER, b: INTEGER },
    "x-kubernetes-validations": rule("self.a < self.b", { reason: "FieldValueForbidden", fieldPath: ".a", message: "a below b" }),
  },
  unlucky: { ...INTEGER, "x-kubernetes-validations": rule("self != 7", { reason: "FieldValueDuplicate" }) },
  failing: { type: "array", maxItems: 3, items: INTEGER, "x-kubernetes-validations": rule("self[5] == 1") },
  lasting: { ...TEXT, format: "duration", "x-kubernetes-validations": rule("self < duration('1h')", { message: "too long" }) },
  odd: {
    type: "object",
    properties: { "a-b": INTEGER, if: INTEGER },
    "x-kubernetes-validations": rule("self.a__dash__b < self.__if__", { message: "odd names" }),
  },
};

const GROUP = "rules.conformance.flyteops.dev";
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `rules.${GROUP}` },
  spec: {
    group: GROUP,
    scope: "Namespaced",
    names: { plural: "rules", kind: "Rule" },
    versions: [
      { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: spec } } } } },
    ],
  },
};

/** What is demanded, the field, a value that is refused, and why: a text of ours stands for the one cause. */
const REFUSED: readonly (readonly [demand: string, field: string, value: unknown, causes: string | readonly string[]])[] = [
  ["a minimum", "min", 1, "spec.min: Invalid value: 1: spec.min in body should be greater than or equal to 2"],
  ["an exclusive minimum", "above", 2, "spec.above: Invalid value: 2: spec.above in body should be greater than 2"],
  ["a maximum", "max", 6, "spec.max: Invalid value: 6: spec.max in body should be less than or equal to 5"],
  ["an exclusive maximum", "below", 5, "spec.below: Invalid value: 5: spec.below in body should be less than 5"],
  ["a multiple", "multiple", 0.7, "spec.multiple: Invalid value: 0.7: spec.multiple in body should be a multiple of 0.5"],
  ["a pattern", "pattern", "b", `spec.pattern: Invalid value: "b": spec.pattern in body should match '^a+$'`],
  ["a least length, counted in characters", "long", "é", 'spec.long: Invalid value: "é": spec.long in body should be at least 2 chars long'],
  ["a greatest length", "short", "abcd", "spec.short: Too long: may not be more than 3 bytes"],
  ["one of some values", "one", "c", 'spec.one: Unsupported value: "c": supported values: "a", "b"'],
  ["a least number of items", "few", [1], "spec.few: Invalid value: 1: spec.few in body should have at least 2 items"],
  ["a greatest number of items", "few", [1, 2, 3, 4], "spec.few: Too many: 4: must have at most 3 items"],
  ["a least number of properties", "fields", {}, "spec.fields: Invalid value: 0: spec.fields in body should have at least 1 properties"],
  ["a greatest number of properties", "fields", { a: 1, b: 1, c: 1 }, "spec.fields: Too many: 3: must have at most 2 items"],
  [
    "exactly one of some schemas",
    "either",
    { a: 1, b: 1 },
    '<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
  ["any of some schemas", "some", {}, ['<nil>: Invalid value: "": "spec.some" must validate at least one schema (anyOf)', "spec.some.a: Required value"]],
  [
    "all of some schemas",
    "both",
    6,
    [
      '<nil>: Invalid value: "": "spec.both" must validate all the schemas (allOf)',
      "spec.both: Invalid value: 6: spec.both in body should be less than or equal to 5",
    ],
  ],
  ["that a schema does not hold", "never", "x", '<nil>: Invalid value: "": "spec.never" must not validate the schema (not)'],
  ["an integer or a string", "mixed", 1.5, 'spec.mixed: Invalid value: "number": spec.mixed in body must be of type integer,string: "number"'],
  [
    "a type, also where unknown fields are kept",
    "open",
    { known: "x" },
    'spec.open.known: Invalid value: "string": spec.open.known in body must be of type integer: "string"',
  ],
  ["the type of an embedded object", "inside", { a: 1 }, ["spec.inside.apiVersion: Required value", "spec.inside.kind: Required value"]],
  ["distinct items of a set", "set", ["a", "a"], 'spec.set[1]: Duplicate value: "a"'],
  ["distinct keys of a list with keys", "keyed", [{ k: "a" }, { k: "a", v: 1 }], 'spec.keyed[1]: Duplicate value: {"k":"a"}'],
  ["required fields", "needed", {}, "spec.needed.a: Required value"],
  ["numbers within their format", "small", 3_000_000_000, '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.small'],
  ["times", "when", "2020-01-01", 'spec.when: Invalid value: "2020-01-01": spec.when in body must be of type date-time: "2020-01-01"'],
  ["addresses", "address", "1.2.3", 'spec.address: Invalid value: "1.2.3": spec.address in body must be of type ipv4: "1.2.3"'],
  ["bytes", "bytes", "?", 'spec.bytes: Invalid value: "?": spec.bytes in body must be of type byte: "?"'],
  ["a message that an expression makes", "told", 11, "spec.told: Invalid value: 11: too much"],
  ["a reason and the field to blame", "blamed", { a: 2, b: 1 }, "spec.blamed.a: Forbidden: a below b"],
  ["no message, so that the rule is told", "unlucky", 7, "spec.unlucky: Duplicate value: 7"],
  ["what cannot be evaluated", "failing", [1], 'spec.failing: Invalid value: "array": index out of bounds: 5 evaluating rule: self[5] == 1'],
  ["durations compared as durations", "lasting", "2h", 'spec.lasting: Invalid value: "2h": too long'],
  ["fields with odd names", "odd", { "a-b": 2, if: 1 }, "spec.odd: Invalid value: odd names"],
  ["an optional former self that is not there", "begins", 3, "spec.begins: Invalid value: 3: begins above five"],
];

const NOT_CHECKED =
  "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

describe("conformance: every rule of a schema", function () {
  this.timeout(60_000);
  const cluster = useCluster();
  const rules = () => `/apis/${GROUP}/v1/namespaces/${cluster.namespace}/rules`;
  const make = (name: string, fields: Record<string, unknown>) => ({ apiVersion: `${GROUP}/v1`, kind: "Rule", metadata: { name }, spec: fields });
  const causes = (body: unknown) =>
    listAt(body, "details.causes")
      .map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`)
      .filter((text) => text !== NOT_CHECKED)
      .sort();

  before(async () => {
    const reply = await cluster.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
    if (reply.status !== 409) ok(reply);
    await eventually("the definition is served", async () => (await cluster.api.get(rules())).status === 200);
  });
  after(async () => void (await cluster.api.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`)));

  for (const [demand, field, value, expected] of REFUSED) {
    it(`demands ${demand}`, async () => {
      const { status, body } = await cluster.api.create(`${rules()}?dryRun=All`, make("refused", { [field]: value }));
      assert.equal(status, 422);
      assert.deepEqual(causes(body), typeof expected === "string" ? [expected] : [...expected]);
    });
  }

  it("lets null stand only where it may, and fills in a default elsewhere", async () => {
    const created = ok(await cluster.api.create(`${rules()}?dryRun=All`, make("nulls", { nullable: null, plain: null, filled: null })));
    assert.deepEqual(at(created, "spec"), { nullable: null, filled: "d" });
  });

  it("keeps unknown fields where it is told to and drops them elsewhere", async () => {
    const { status, body, warnings } = await cluster.api.create(`${rules()}?dryRun=All`, make("unknown", { open: { x: { y: 1 } }, needed: { a: 1, z: 1 } }));
    assert.deepEqual([status, at(body, "spec.open"), at(body, "spec.needed"), warnings], [201, { x: { y: 1 } }, { a: 1 }, ['unknown field "spec.needed.z"']]);
  });

  it("holds a change against what was, item by item in a list with keys", async () => {
    ok(await cluster.api.create(rules(), make("changes", { grows: 2, begins: 7, keyed: [{ k: "a", v: 5 }] })));
    const change = (fields: Record<string, unknown>) => cluster.api.patch("merge", `${rules()}/changes`, { spec: fields });
    assert.deepEqual(causes((await change({ grows: 1 })).body), ["spec.grows: Invalid value: 1: may not shrink"]);
    assert.deepEqual(causes((await change({ begins: 6 })).body), ["spec.begins: Invalid value: 6: begins above five"]);
    const items = [
      { k: "b", v: 1 },
      { k: "a", v: 4 },
    ];
    assert.deepEqual(causes((await change({ keyed: items })).body), ["spec.keyed[1].v: Invalid value: 4: shrinks"]);
    ok(await change({ grows: 3, begins: 8, keyed: [{ k: "b", v: 1 }] }));
  });
});
