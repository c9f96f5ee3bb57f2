import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

interface Refusal {
  readonly spec: Record<string, unknown>;
  /** `<field>: <message>` of every cause but the one that says rules were not checked. */
  readonly causes: readonly string[];
}

const NOT_CHECKED = /some validation rules were not checked/;

const refusals: Readonly<Record<string, Refusal>> = {
  "a wrong type": { spec: { size: "big" }, causes: ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'] },
  "a number below its minimum": { spec: { size: 0 }, causes: ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"] },
  "a number above its maximum": { spec: { size: 101 }, causes: ["spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100"] },
  "a value outside an enum": { spec: { color: "blue" }, causes: ['spec.color: Unsupported value: "blue": supported values: "red", "green"'] },
  "text that does not match its pattern": { spec: { code: "ABC" }, causes: [`spec.code: Invalid value: "ABC": spec.code in body should match '^[a-z]+$'`] },
  "text that is too long": { spec: { code: "abcdef" }, causes: ["spec.code: Too long: may not be more than 5 bytes"] },
  "text of a wrong format": { spec: { when: "noon" }, causes: ['spec.when: Invalid value: "noon": spec.when in body must be of type date-time: "noon"'] },
  "a missing required field": { spec: { parts: [{ port: 1 }] }, causes: ["spec.parts[0].name: Required value"] },
  "an item twice in a set": { spec: { tags: ["a", "b", "a"] }, causes: ['spec.tags[2]: Duplicate value: "a"'] },
  "a key twice in a list with keys": {
    spec: { parts: [{ name: "a" }, { name: "a", port: 80 }] },
    causes: ['spec.parts[1]: Duplicate value: {"name":"a","port":80}'],
  },
  "a wrong type inside a map": {
    spec: { labels: { a: 1 } },
    causes: ['spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"'],
  },
  "neither an integer nor a string": {
    spec: { limit: true },
    causes: ['spec.limit: Invalid value: "boolean": spec.limit in body must be of type integer,string: "boolean"'],
  },
  "a value that breaks a rule": { spec: { size: 13 }, causes: ["spec: Invalid value: 13 brings bad luck"] },
  "none of several alternatives": {
    spec: { either: {} },
    causes: ['<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found none valid', "spec.either.a: Required value"],
  },
  "two of several alternatives": {
    spec: { either: { a: "1", b: "2" } },
    causes: ['<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  },
};

describe("conformance: schemas", () => {
  const cluster = useCluster();

  for (const [what, { spec, causes }] of Object.entries(refusals)) {
    it(`refuses ${what} and says where and why`, async () => {
      const { api, gadgets } = cluster;
      const { status, body } = await api.create(gadgets, gadget("refused", spec));
      assert.equal(status, 422, JSON.stringify(body));
      assert.equal(at(body, "reason"), "Invalid");
      assert.deepEqual([at(body, "details.kind"), at(body, "details.group"), at(body, "details.name")], ["Gadget", "conformance.flyteops.dev", "refused"]);
      const found = listAt(body, "details.causes").map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`);
      assert.deepEqual(found.filter((cause) => !NOT_CHECKED.test(cause)).sort(), [...causes].sort());
      for (const cause of found) assert.ok(textAt(body, "message").includes(cause), textAt(body, "message"));
    });
  }

  it("names every mistake at once", async () => {
    const { api, gadgets } = cluster;
    const { body } = await api.create(gadgets, gadget("many", { size: "x", color: "blue", code: "TOO LONG" }));
    const fields = listAt(body, "details.causes").map((cause) => textAt(cause, "field"));
    for (const field of ["spec.size", "spec.color", "spec.code"]) assert.ok(fields.includes(field), fields.join());
  });

  it("fills in defaults, also inside lists and below other defaults", async () => {
    const { api, gadgets } = cluster;
    const created = ok(await api.create(gadgets, gadget("defaulted", { parts: [{ name: "a" }], nested: {} })));
    assert.equal(at(created, "spec.color"), "red");
    assert.equal(at(created, "spec.parts.0.port"), 80);
    assert.equal(at(created, "spec.nested.level"), 3);
    assert.equal(at(ok(await api.create(gadgets, gadget("deep"))), "spec.nested.level"), 3);
  });

  it("treats null as absent unless null is allowed", async () => {
    const { api, gadgets } = cluster;
    const created = ok(await api.create(gadgets, gadget("nulls", { color: null, code: null, note: null })));
    assert.deepEqual([at(created, "spec.color"), at(created, "spec.code"), at(created, "spec.note")], ["red", undefined, null]);
  });

  it("drops unknown fields and warns of them, keeps what is open", async () => {
    const { api, gadgets } = cluster;
    const { body, warnings } = await api.create(
      gadgets,
      gadget("pruned", { size: 1, bogus: 1, open: { any: { thing: [1] } }, parts: [{ name: "a", odd: true }] }),
    );
    assert.equal(at(body, "spec.bogus"), undefined);
    assert.equal(at(body, "spec.parts.0.odd"), undefined);
    assert.deepEqual(at(body, "spec.open"), { any: { thing: [1] } });
    assert.deepEqual(warnings, ['unknown field "spec.bogus"', 'unknown field "spec.parts[0].odd"']);
  });

  it("refuses unknown fields when asked to be strict", async () => {
    const { api, gadgets } = cluster;
    const { status, body } = await api.create(`${gadgets}?fieldValidation=Strict`, gadget("strict", { bogus: 1 }));
    assert.equal(status, 400);
    assert.match(textAt(body, "message"), /strict decoding error: unknown field "spec.bogus"/);
  });

  it("says nothing of unknown fields when asked to ignore them", async () => {
    const { api, gadgets } = cluster;
    const { status, warnings } = await api.create(`${gadgets}?fieldValidation=Ignore`, gadget("ignored", { bogus: 1 }));
    assert.deepEqual([status, warnings], [201, []]);
  });

  it("tells of fields that a body names twice, as it was asked to, in JSON by their path and in YAML by their line", async () => {
    const { api, gadgets, configMaps } = cluster;
    const twice =
      '{"apiVersion":"conformance.flyteops.dev/v1","kind":"Gadget","metadata":{"name":"twice"},"spec":{"size":1,"size":2,"parts":[{"name":"a","name":"b"}],"odd":1}}';
    const told = ['duplicate field "spec.size"', 'duplicate field "spec.parts[0].name"', 'unknown field "spec.odd"'];
    const warned = await api.create(`${gadgets}?dryRun=All&fieldValidation=Warn`, twice);
    assert.deepEqual([warned.status, at(warned.body, "spec.size"), warned.warnings], [201, 2, told]);
    const strict = await api.create(`${gadgets}?dryRun=All&fieldValidation=Strict`, twice);
    assert.equal(textAt(strict.body, "message"), `Gadget in version "v1" cannot be handled as a Gadget: strict decoding error: ${told.join(", ")}`);
    assert.deepEqual((await api.create(`${gadgets}?dryRun=All&fieldValidation=Ignore`, twice)).warnings, []);
    const map = '{"metadata":{"name":"twice"},"data":{"x":"1","x":"2"},"odd":1}';
    assert.deepEqual((await api.create(`${configMaps}?dryRun=All`, map)).warnings, ['duplicate field "data.x"', 'unknown field "odd"']);
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  x: "1"\n  x: "2"\n';
    const applied = await api.patch("apply", `${configMaps}/twice?fieldManager=one&dryRun=All`, yaml);
    assert.deepEqual([applied.status, applied.warnings], [201, ['line 7: key "x" already set in map']]);
    const refused = await api.patch("apply", `${configMaps}/twice?fieldManager=one&dryRun=All&fieldValidation=Strict`, yaml);
    assert.equal(
      textAt(refused.body, "message"),
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "x" already set in map',
    );
    const unknown = await api.create(`${gadgets}?fieldValidation=Bogus`, gadget("bogus"));
    assert.deepEqual(
      [unknown.status, at(unknown.body, "details.causes.0.message")],
      [422, 'Unsupported value: "Bogus": supported values: "", "Ignore", "Strict", "Warn"'],
    );
  });

  it("keeps integers that a double cannot hold", async () => {
    const { api, gadgets } = cluster;
    const body = '{"apiVersion":"conformance.flyteops.dev/v1","kind":"Gadget","metadata":{"name":"big"},"spec":{"big":9007199254740993}}';
    ok(await api.create(gadgets, body));
    const raw = await api.getAs(`${gadgets}/big`, "application/yaml");
    assert.match(String(raw.body), /big: 9007199254740993\n/);
  });

  it("refuses a change that a transition rule forbids and allows the first value", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("frozen", { frozen: "once" })));
    const { status, body } = await api.patch("merge", `${gadgets}/frozen`, { spec: { frozen: "twice" } });
    assert.equal(status, 422);
    assert.deepEqual(at(body, "details.causes"), [
      { reason: "FieldValueInvalid", message: 'Invalid value: "twice": frozen is immutable', field: "spec.frozen" },
    ]);
    ok(await api.patch("merge", `${gadgets}/frozen`, { spec: { frozen: "once", size: 5 } }));
  });

  it("refuses bad names, labels and annotations of any kind", async () => {
    const { api, gadgets } = cluster;
    const { status, body } = await api.create(gadgets, gadget("Bad_Name", {}, { labels: { "a b": "x", ok: "not ok!" }, annotations: { "-": "x" } }));
    assert.equal(status, 422);
    const fields = listAt(body, "details.causes").map((cause) => textAt(cause, "field"));
    assert.deepEqual(fields.sort(), ["metadata.annotations", "metadata.labels", "metadata.labels", "metadata.name"]);
  });

  it("refuses a body that is not JSON, or of another kind", async () => {
    const { api, gadgets } = cluster;
    assert.equal((await api.create(gadgets, "{not json")).status, 400);
    assert.equal((await api.create(gadgets, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } })).status, 400);
  });
});
