import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";

const TEXT = { type: "string" };
const INTEGER = { type: "integer" };
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const GROUP = "definitions.conformance.flyteops.dev";

type Schema = Record<string, unknown>;
const object = (properties: Schema, more: Schema = {}): Schema => ({ type: "object", properties, ...more });
const rules = (rule: string, more: Schema = {}): Schema => ({ "x-kubernetes-validations": [{ rule, ...more }] });
const named = object({ n: { ...TEXT, maxLength: 5 } });

function definition(version: Schema, spec: Schema = {}): Schema {
  const schema = {
    openAPIV3Schema: object({ f: INTEGER, spec: object({ a: TEXT, replicas: INTEGER }), status: object({ replicas: INTEGER, selector: TEXT }) }),
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `probes.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: { plural: "probes", kind: "Probe" },
      versions: [{ name: "v1", served: true, storage: true, schema, ...version }],
      ...spec,
    },
  };
}

const ofField = (schema: Schema): Schema => definition({ schema: { openAPIV3Schema: object({ f: schema }) } });

/** What is refused in the schema of a field `f`, and the cause; the rule that the answer repeats is left out of it. */
const REFUSED_SCHEMAS: readonly (readonly [what: string, schema: Schema, ...causes: string[]])[] = [
  ["a field without a type", { properties: {} }, "f.type: Required value: must not be empty for specified object fields"],
  [
    "a type that there is not",
    { type: "foo" },
    'f.type: Unsupported value: "foo": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ],
  ["a list without items", { type: "array" }, "f.items: Required value: must be specified"],
  [
    "named and free properties together",
    object({ a: INTEGER }, { additionalProperties: TEXT }),
    "f.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
  ],
  [
    "uniqueItems",
    { type: "array", items: TEXT, uniqueItems: true },
    "f.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
  ],
  [
    "a pattern that is none",
    { ...TEXT, pattern: "(" },
    'f.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
  ],
  ["a default of another type", { ...INTEGER, default: "x" }, 'f.default: Invalid value: "string":  in body must be of type integer: "string"'],
  ["a default with unknown fields", object({ a: INTEGER }, { default: { b: 1 } }), 'f.default: Invalid value: {"b":1}: must not have unknown fields'],
  [
    "a set of objects that have owners in parts",
    { type: "array", "x-kubernetes-list-type": "set", items: object({ a: INTEGER }) },
    "f.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set",
  ],
  [
    "a list with keys that names none",
    { type: "array", "x-kubernetes-list-type": "map", items: object({ a: INTEGER }) },
    "f.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
  ],
  [
    "a key that items do not have",
    { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["b"], items: object({ a: INTEGER }) },
    'f.x-kubernetes-list-map-keys: Invalid value: ["b"]: entries must all be names of item properties',
  ],
  [
    "a key that may be left out",
    { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], items: object({ a: INTEGER }) },
    "f.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
  ],
  [
    "a list type of what is no list",
    { ...TEXT, "x-kubernetes-list-type": "set" },
    'f.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified',
  ],
  ["a type inside anyOf", { ...INTEGER, anyOf: [{ type: "integer" }] }, "f.anyOf[0].type: Forbidden: must be empty to be structural"],
  [
    "unknown fields that are not to be kept, said so",
    { type: "object", "x-kubernetes-preserve-unknown-fields": false },
    "f.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
  ],
  ["a rule without text", { ...INTEGER, ...rules("") }, "f.x-kubernetes-validations[0].rule: Required value: rule is not specified"],
  [
    "a rule about a field that there is not",
    object({ a: INTEGER }, rules("self.zz > 1")),
    "f.x-kubernetes-validations[0].rule: compilation failed: ERROR: <input>:1:5: undefined field 'zz'\n | self.zz > 1\n | ....^",
  ],
  [
    "a rule that asks whether there is a field that cannot be",
    object({ a: INTEGER }, rules("has(self.zz)")),
    "f.x-kubernetes-validations[0].rule: compilation failed: ERROR: <input>:1:4: undefined field 'zz'\n | has(self.zz)\n | ...^",
  ],
  [
    "a rule about a field that the items do not have",
    { type: "array", maxItems: 10, items: named, ...rules("self.all(x, x.m != 'a')") },
    "f.x-kubernetes-validations[0].rule: compilation failed: ERROR: <input>:1:14: undefined field 'm'\n | self.all(x, x.m != 'a')\n | .............^",
  ],
  [
    "a rule that compares what cannot be compared",
    object({ a: INTEGER }, rules("self.a == 'x'")),
    "f.x-kubernetes-validations[0].rule: compilation failed: ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'\n | self.a == 'x'\n | .......^",
  ],
  [
    "a rule that says neither yes nor no",
    object({ a: INTEGER }, rules("self.a")),
    "f.x-kubernetes-validations[0].rule: cel expression must evaluate to a bool",
  ],
  [
    "a message that is no text",
    object({ a: INTEGER }, rules("self.a > 1", { messageExpression: "1" })),
    "f.x-kubernetes-validations[0].messageExpression: messageExpression must evaluate to a string",
  ],
  [
    "a message of two lines",
    { ...INTEGER, ...rules("self > 1", { message: "a\nb" }) },
    'f.x-kubernetes-validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
  ],
  [
    "a field path that leads nowhere",
    object({ a: INTEGER }, rules("self.a > 1", { fieldPath: ".b" })),
    'f.x-kubernetes-validations[0].fieldPath: Invalid value: ".b": must be a valid path',
  ],
  [
    "an optional former self that no rule asks for",
    { ...INTEGER, ...rules("self > 1", { optionalOldSelf: true }) },
    "f.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
  ],
];

const selectable = (...paths: string[]): Schema => definition({ selectableFields: paths.map((jsonPath) => ({ jsonPath })) });
const scale = (more: Schema): Schema =>
  definition({ subresources: { status: {}, scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", ...more } } });

const REFUSED_DEFINITIONS: readonly (readonly [what: string, definition: Schema, ...causes: string[]])[] = [
  [
    "a selectable field that there is not",
    selectable(".spec.none"),
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.none": is an invalid path: does not refer to a valid field',
  ],
  ["a selectable field twice", selectable(".spec.a", ".spec.a"), 'spec.selectableFields[1].jsonPath: Duplicate value: ".spec.a"'],
  [
    "a selectable field that is no scalar",
    selectable(".spec"),
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
  ],
  [
    "replicas outside of spec and status",
    scale({ specReplicasPath: ".replicas", statusReplicasPath: ".spec.x" }),
    'spec.subresources.scale.specReplicasPath: Invalid value: ".replicas": should be a json path under .spec',
    'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.x": should be a json path under .status',
  ],
  [
    "a column without name, of no type and leading nowhere",
    definition({ additionalPrinterColumns: [{ name: "", type: "foo", jsonPath: "spec" }] }),
    'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
    "spec.additionalPrinterColumns[0].name: Required value",
    'spec.additionalPrinterColumns[0].type: Invalid value: "foo": must be one of boolean,date,integer,number,string',
  ],
  [
    "a warning of a version that is not deprecated",
    definition({ deprecationWarning: "x" }),
    'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
  ],
  [
    "a kind called like its list",
    definition({}, { names: { plural: "probes", kind: "Probe", listKind: "Probe" } }),
    'spec.names.listKind: Invalid value: "Probe": kind and listKind may not be the same',
  ],
  ["a scope that there is not", definition({}, { scope: "Foo" }), 'spec.scope: Unsupported value: "Foo": supported values: "Cluster", "Namespaced"'],
  [
    "unknown fields kept for all",
    definition({}, { preserveUnknownFields: true }),
    "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
  ],
];

describe("conformance: making definitions", function () {
  this.timeout(60_000);
  const { api, namespace } = ((cluster) => ({ api: () => cluster.api, namespace: cluster.namespace }))(useCluster());

  const shortened = (cause: unknown) =>
    `${textAt(cause, "field").replace("spec.validation.openAPIV3Schema.properties[f]", "f")}: ${textAt(cause, "message").replace(/^Invalid value: \{"Rule":.*?\}: /s, "")}`;
  const causes = (body: unknown) => listAt(body, "details.causes").map(shortened).sort();

  for (const [what, schema, ...expected] of REFUSED_SCHEMAS) {
    it(`refuses ${what}`, async () => {
      const { status, body } = await api().create(`${DEFINITIONS}?dryRun=All`, ofField(schema));
      assert.deepEqual([status, causes(body)], [422, expected]);
    });
  }

  for (const [what, refused, ...expected] of REFUSED_DEFINITIONS) {
    it(`refuses ${what}`, async () => {
      const { status, body } = await api().create(`${DEFINITIONS}?dryRun=All`, refused);
      assert.deepEqual([status, causes(body)], [422, expected]);
    });
  }

  it("takes rules about the type and the name of an object, which no schema declares", async () => {
    const root = object({}, rules("self.metadata.name != 'x' && self.kind == 'Probe'"));
    ok(await api().create(`${DEFINITIONS}?dryRun=All`, definition({ schema: { openAPIV3Schema: root } })));
  });

  it("serves a kind, selects by its fields, scales it, and takes it away with its objects", async () => {
    const probes = `/apis/${GROUP}/v1/namespaces/${namespace}/probes`;
    const full = scale({ labelSelectorPath: ".status.selector" });
    const [version] = at(full, "spec.versions") as Schema[];
    ok(await api().create(DEFINITIONS, definition({ ...version, selectableFields: [{ jsonPath: ".spec.a" }] })));
    await eventually("the kind is served", async () => (await api().get(probes)).status === 200);
    const probe = (name: string, fields: Schema) => ({ apiVersion: `${GROUP}/v1`, kind: "Probe", metadata: { name }, spec: fields });
    ok(await api().create(probes, probe("one", { a: "x", replicas: 2 })));
    ok(await api().create(probes, probe("two", { a: "y" })));
    const found = listAt(ok(await api().get(`${probes}?fieldSelector=spec.a%3Dx`)), "items");
    assert.deepEqual(
      found.map((item) => textAt(item, "metadata.name")),
      ["one"],
    );
    assert.equal((await api().get(`${probes}?fieldSelector=spec.b%3Dx`)).status, 400);
    const watch = await api().watch(`${probes}?watch=true&fieldSelector=spec.a%3Dx`);
    const next = async () => watch.next().then(({ type, object }) => `${type} ${textAt(object, "metadata.name")}`);
    assert.equal(await next(), "ADDED one");
    ok(await api().patch("merge", `${probes}/two`, { spec: { a: "x" } }));
    assert.equal(await next(), "ADDED two");
    ok(await api().patch("merge", `${probes}/two`, { spec: { a: "z" } }));
    assert.equal(await next(), "DELETED two");
    watch.close();
    ok(await api().patch("merge", `${probes}/one/status`, { status: { replicas: 1, selector: "a=b" } }));
    const shown = ok(await api().get(`${probes}/one/scale`));
    assert.deepEqual([at(shown, "spec"), at(shown, "status")], [{ replicas: 2 }, { replicas: 1, selector: "a=b" }]);
    ok(await api().patch("merge", `${probes}/one/scale`, { spec: { replicas: 5 } }));
    const scaled = ok(await api().get(`${probes}/one`));
    assert.deepEqual([at(scaled, "spec.replicas"), at(scaled, "metadata.generation")], [5, 2]);
    ok(await api().delete(`${DEFINITIONS}/probes.${GROUP}`));
    await eventually("the kind is gone", async () => (await api().get(probes)).status === 404);
  });
});
