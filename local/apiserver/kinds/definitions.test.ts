import assert from "node:assert/strict";
import { settle } from "../../../test/support/virtual-clock.ts";
import { DEFINITIONS, type Harness, harness, type Loose, widget, widgetDefinition, WIDGETS } from "../testing/harness.ts";

describe("custom resource definitions", () => {
  let api: Harness;
  beforeEach(async () => {
    api = await harness();
  });
  afterEach(() => api.server.close());

  const conditions = (json: Loose) =>
    Object.fromEntries((json.status?.conditions as unknown as { type: string; status: string }[]).map(({ type, status }) => [type, status]));
  const groups = async () => ((await api.call("GET", "/apis")).json.groups as unknown as { name: string }[]).map(({ name }) => name);

  it("serve their kind as soon as they are stored, and no longer than they exist", async () => {
    assert.equal((await api.call("GET", WIDGETS)).status, 404);
    const { json } = await api.call("POST", DEFINITIONS, widgetDefinition());
    assert.deepEqual([conditions(json), json.status?.storedVersions], [{ NamesAccepted: "True", Established: "True" }, ["v1"]]);
    assert.equal((await api.call("GET", WIDGETS)).status, 200);
    assert.ok((await groups()).includes("test.dev"));
    await api.call("DELETE", `${DEFINITIONS}/widgets.test.dev`);
    await settle();
    assert.equal((await api.call("GET", WIDGETS)).status, 404);
    assert.ok(!(await groups()).includes("test.dev"));
    assert.equal((await api.call("GET", `${DEFINITIONS}/widgets.test.dev`)).status, 404);
  });

  it("take their objects with them, and wait for those with finalizers", async () => {
    await api.call("POST", DEFINITIONS, widgetDefinition());
    await api.call("POST", WIDGETS, widget("free"));
    await api.call("POST", WIDGETS, widget("held", {}, { finalizers: ["test.dev/hold"] }));
    await api.call("DELETE", `${DEFINITIONS}/widgets.test.dev`);
    await settle();
    assert.equal((await api.call("GET", `${WIDGETS}/free`)).status, 404);
    assert.ok((await api.call("GET", `${WIDGETS}/held`)).json.metadata?.deletionTimestamp);
    assert.equal((await api.call("POST", WIDGETS, widget("late"))).status, 405);
    await api.patch(`${WIDGETS}/held`, { metadata: { finalizers: null } });
    await settle();
    assert.equal((await api.call("GET", `${DEFINITIONS}/widgets.test.dev`)).status, 404);
    assert.equal((await api.call("POST", DEFINITIONS, widgetDefinition())).status, 201);
    assert.deepEqual((await api.call("GET", WIDGETS)).json.items, []);
  });

  it("do not take a name that is in use, and get it when its owner goes", async () => {
    await api.call("POST", DEFINITIONS, widgetDefinition());
    const { json } = await api.call("POST", DEFINITIONS, widgetDefinition({}, { kind: "Gadget", plural: "gadgets", shortNames: ["wd"] }));
    assert.deepEqual(conditions(json), { NamesAccepted: "False", Established: "False" });
    assert.deepEqual(json.status?.acceptedNames, { plural: "gadgets", kind: "Gadget", singular: "gadget", listKind: "GadgetList" });
    assert.equal((await api.call("GET", "/apis/test.dev/v1/gadgets")).status, 404);
    await api.call("DELETE", `${DEFINITIONS}/widgets.test.dev`);
    await settle();
    assert.equal((await api.call("GET", "/apis/test.dev/v1/gadgets")).status, 200);
  });

  it("show a change of schema to the next request", async () => {
    await api.call("POST", DEFINITIONS, widgetDefinition());
    await api.call("POST", WIDGETS, widget("w", { size: 4 }));
    const schema = { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer", maximum: 5 } } } } };
    await api.patch(`${DEFINITIONS}/widgets.test.dev`, {
      spec: { versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }] },
    });
    assert.equal((await api.patch(`${WIDGETS}/w`, { spec: { size: 6 } })).status, 422);
    assert.equal((await api.patch(`${WIDGETS}/w/status`, { status: {} })).status, 404);
  });

  it("serve several versions of one stored object", async () => {
    const version = (name: string, storage: boolean) => ({
      name,
      served: true,
      storage,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    });
    await api.call("POST", DEFINITIONS, widgetDefinition({ versions: [version("v1", true), version("v1beta1", false)] }));
    const beta = WIDGETS.replace("/v1/", "/v1beta1/");
    await api.call("POST", beta, { ...widget("w", { a: 1 }), apiVersion: "test.dev/v1beta1" });
    assert.deepEqual((await api.call("GET", `${WIDGETS}/w`)).json.apiVersion, "test.dev/v1");
    assert.deepEqual((await api.call("GET", `${beta}/w`)).json.apiVersion, "test.dev/v1beta1");
    const { json } = await api.call("GET", "/apis/test.dev");
    assert.equal(json.preferredVersion?.version, "v1");
  });

  it("warn about deprecated versions", async () => {
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    await api.call(
      "POST",
      DEFINITIONS,
      widgetDefinition({ versions: [{ name: "v1", served: true, storage: true, deprecated: true, deprecationWarning: "use v2", schema }] }),
    );
    assert.equal((await api.call("GET", WIDGETS)).headers["warning"], '299 - "use v2"');
  });

  it("select by the fields they name", async () => {
    const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { color: { type: "string" } } } } } };
    await api.call(
      "POST",
      DEFINITIONS,
      widgetDefinition({ versions: [{ name: "v1", served: true, storage: true, schema, selectableFields: [{ jsonPath: ".spec.color" }] }] }),
    );
    for (const color of ["red", "blue"]) await api.call("POST", WIDGETS, widget(color, { color }));
    const { json } = await api.call("GET", `${WIDGETS}?fieldSelector=spec.color!=red`);
    assert.deepEqual(
      (json.items as unknown as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
      ["blue"],
    );
    assert.equal((await api.call("GET", `${WIDGETS}?fieldSelector=spec.size=1`)).status, 400);
  });

  it("are refused with every mistake named", async () => {
    const { status, json } = await api.call("POST", DEFINITIONS, {
      metadata: { name: "x.y" },
      spec: { group: "test.dev", scope: "Nowhere", names: { kind: "Widget", plural: "widgets" }, versions: [{ name: "v1", served: true, storage: false }] },
    });
    assert.equal(status, 422);
    const fields = (json.details?.causes as unknown as { field: string }[]).map(({ field }) => field);
    assert.deepEqual(fields, ["metadata.name", "spec.scope", "spec.versions", "spec.versions[0].schema.openAPIV3Schema", "status.storedVersions"]);
  });

  it("print their columns, with a dash of nothing where a value is missing", async () => {
    const columns = [
      { name: "Size", type: "integer", jsonPath: ".spec.size" },
      { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      { name: "Since", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ];
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    await api.call(
      "POST",
      DEFINITIONS,
      widgetDefinition({ versions: [{ name: "v1", served: true, storage: true, schema, additionalPrinterColumns: columns }] }),
    );
    await api.call("POST", WIDGETS, {
      ...widget("w", { size: 4 }),
      status: {
        conditions: [
          { type: "Other", status: "No" },
          { type: "Ready", status: "True" },
        ],
      },
    });
    await api.call("POST", WIDGETS, widget("bare"));
    await api.clock.advance(90_000);
    const { json } = await api.call("GET", WIDGETS, undefined, { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } });
    assert.deepEqual(
      (json.rows as unknown as { cells: unknown[] }[]).map(({ cells }) => cells),
      [
        ["bare", null, null, "90s"],
        ["w", 4, "True", "90s"],
      ],
    );
  });
});
