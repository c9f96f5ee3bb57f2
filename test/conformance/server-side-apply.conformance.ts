import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

const PART_A = 'k:{"name":"a","port":80}';

describe("conformance: server-side apply and field managers", () => {
  const cluster = useCluster();

  const apply = (name: string, manager: string, spec: Record<string, unknown>, force = false, metadata: Record<string, unknown> = {}) =>
    cluster.api.patch("apply", `${cluster.gadgets}/${name}?fieldManager=${manager}&force=${force}`, gadget(name, spec, metadata));

  /** What each manager owns, by `<manager>/<operation>/<subresource>`. */
  function owners(body: unknown): Record<string, unknown> {
    const entries = listAt(body, "metadata.managedFields");
    return Object.fromEntries(
      entries.map((one) => [`${textAt(one, "manager")}/${textAt(one, "operation")}/${textAt(one, "subresource")}`, at(one, "fieldsV1")]),
    );
  }

  it("creates the object and gives its fields to the applier, defaults to nobody", async () => {
    const reply = await apply("made", "one", { size: 1, parts: [{ name: "a", count: 1 }], tags: ["x"] });
    assert.equal(reply.status, 201);
    assert.deepEqual(owners(reply.body), {
      "one/Apply/": { "f:spec": { "f:size": {}, "f:parts": { [PART_A]: { ".": {}, "f:name": {}, "f:count": {} } }, "f:tags": { 'v:"x"': {} } } },
    });
    assert.equal(at(reply.body, "spec.color"), "red");
  });

  it("writes down who owns what in just the form and order of a real server", async () => {
    const { api, gadgets } = cluster;
    const metadata = { labels: { a: "1" }, annotations: { b: "2" }, finalizers: ["a.dev/b"] };
    ok(
      await apply(
        "exact",
        "one",
        { size: 1, parts: [{ name: "a" }], labels: { k: "v" }, steps: ["s"], open: { deep: { er: 1 } }, note: null },
        false,
        metadata,
      ),
    );
    ok(await apply("exact", "two", { size: 1, parts: [{ name: "a", count: 3 }] }));
    const merged = ok(await api.patch("merge", `${gadgets}/exact/status?fieldManager=three`, { status: { conditions: [{ type: "R", status: "True" }] } }));
    const type = { apiVersion: "conformance.flyteops.dev/v1", fieldsType: "FieldsV1" };
    const entries = listAt(merged, "metadata.managedFields").map((entry) => ({ ...(entry as object), time: typeof at(entry, "time") }));
    assert.deepEqual(entries, [
      {
        ...type,
        manager: "one",
        operation: "Apply",
        time: "string",
        fieldsV1: {
          "f:metadata": { "f:annotations": { "f:b": {} }, "f:finalizers": { 'v:"a.dev/b"': {} }, "f:labels": { "f:a": {} } },
          "f:spec": {
            "f:labels": { "f:k": {} },
            "f:note": {},
            "f:open": { "f:deep": { ".": {}, "f:er": {} } },
            "f:parts": { [PART_A]: { ".": {}, "f:name": {} } },
            "f:size": {},
            "f:steps": {},
          },
        },
      },
      {
        ...type,
        manager: "two",
        operation: "Apply",
        time: "string",
        fieldsV1: { "f:spec": { "f:parts": { [PART_A]: { ".": {}, "f:count": {}, "f:name": {} } }, "f:size": {} } },
      },
      {
        ...type,
        manager: "three",
        operation: "Update",
        subresource: "status",
        time: "string",
        fieldsV1: { "f:status": { ".": {}, "f:conditions": { ".": {}, 'k:{"type":"R"}': { ".": {}, "f:status": {}, "f:type": {} } } } },
      },
    ]);
    ok(await api.patch("merge", `${gadgets}/exact`, { metadata: { finalizers: null } }));
  });

  it("creates what an older version is named of, and refuses to change what has changed since", async () => {
    assert.equal((await apply("aged", "one", { size: 1 }, false, { resourceVersion: "1" })).status, 201);
    const { status, body } = await apply("aged", "one", { size: 2 }, false, { resourceVersion: "1" });
    assert.deepEqual([status, at(body, "reason")], [409, "Conflict"]);
    assert.equal((await apply("none", "one", {}, false, { uid: "11111111-2222-3333-4444-555555555555" })).status, 409);
  });

  it("needs a field manager", async () => {
    const { status, body } = await cluster.api.patch("apply", `${cluster.gadgets}/anonymous`, gadget("anonymous"));
    assert.equal(status, 422);
    assert.equal(at(body, "details.causes.0.field"), "fieldManager");
  });

  it("refuses to change what another applier owns, and names the field and its owner", async () => {
    ok(await apply("contested", "one", { size: 1, steps: ["a"] }));
    const { status, body } = await apply("contested", "two", { size: 2 });
    assert.equal(status, 409);
    assert.equal(at(body, "reason"), "Conflict");
    assert.equal(at(body, "message"), 'Apply failed with 1 conflict: conflict with "one": .spec.size');
    assert.deepEqual(at(body, "details.causes"), [{ reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".spec.size" }]);
    assert.equal(at(ok(await cluster.api.get(`${cluster.gadgets}/contested`)), "spec.size"), 1);
  });

  it("names the version by which an updater wrote, and every field of several conflicts", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(`${gadgets}?fieldManager=person`, gadget("several", { size: 1, code: "a" })));
    const { body } = await apply("several", "two", { size: 2, code: "b" });
    const owner = '"person" using conformance.flyteops.dev/v1';
    assert.equal(at(body, "message"), `Apply failed with 2 conflicts: conflicts with ${owner}:\n- .spec.code\n- .spec.size`);
  });

  it("takes fields over when forced, and the former owner loses only those", async () => {
    ok(await apply("forced", "one", { size: 1, code: "a" }));
    const taken = ok(await apply("forced", "two", { size: 2 }, true));
    assert.equal(at(taken, "spec.size"), 2);
    assert.deepEqual(owners(taken), { "one/Apply/": { "f:spec": { "f:code": {} } }, "two/Apply/": { "f:spec": { "f:size": {} } } });
  });

  it("shares a field between appliers of the same value, and removes it when the last one lets go", async () => {
    ok(await apply("shared", "one", { size: 1, code: "a" }));
    const shared = ok(await apply("shared", "two", { code: "a" }));
    assert.deepEqual(owners(shared)["two/Apply/"], { "f:spec": { "f:code": {} } });
    assert.equal(at(ok(await apply("shared", "one", { size: 1 })), "spec.code"), "a");
    assert.equal(at(ok(await apply("shared", "two", {})), "spec.code"), undefined);
  });

  it("removes items of sets, of lists with keys and of maps that their applier drops, and no others", async () => {
    ok(await apply("items", "one", { tags: ["a", "b"], parts: [{ name: "a" }, { name: "b" }], labels: { a: "1", b: "1" } }));
    ok(await apply("items", "two", { tags: ["c"], parts: [{ name: "c" }], labels: { c: "1" } }));
    const left = ok(await apply("items", "one", { tags: ["b"], parts: [{ name: "b" }], labels: { b: "1" } }));
    assert.deepEqual([...listAt(left, "spec.tags")].sort(), ["b", "c"]);
    assert.deepEqual(
      listAt(left, "spec.parts")
        .map((part) => textAt(part, "name"))
        .sort(),
      ["b", "c"],
    );
    assert.deepEqual(at(left, "spec.labels"), { b: "1", c: "1" });
  });

  it("treats atomic lists and maps as one field", async () => {
    ok(await apply("atomic", "one", { steps: ["a", "b"], settings: { a: "1" } }));
    const { status, body } = await apply("atomic", "two", { steps: ["a"], settings: { b: "2" } });
    assert.equal(status, 409);
    assert.deepEqual(
      listAt(body, "details.causes")
        .map((cause) => textAt(cause, "field"))
        .sort(),
      [".spec.settings", ".spec.steps"],
    );
    const forced = ok(await apply("atomic", "two", { steps: ["a"], settings: { b: "2" } }, true));
    assert.deepEqual([at(forced, "spec.steps"), at(forced, "spec.settings")], [["a"], { b: "2" }]);
  });

  it("tells items apart by all keys, defaults included", async () => {
    ok(
      await apply("keys", "one", {
        parts: [
          { name: "a", count: 1 },
          { name: "a", port: 81, count: 2 },
        ],
      }),
    );
    const merged = ok(await apply("keys", "two", { parts: [{ name: "a", port: 80 }] }));
    assert.equal(listAt(merged, "spec.parts").length, 2);
    const { status } = await apply("keys", "two", { parts: [{ name: "a", port: 80, count: 5 }] });
    assert.equal(status, 409);
  });

  it("writes nothing when nothing changes", async () => {
    const first = ok(await apply("quiet", "one", { size: 1, parts: [{ name: "a" }] }));
    const again = ok(await apply("quiet", "one", { size: 1, parts: [{ name: "a" }] }));
    assert.deepEqual(again, first);
  });

  it("credits a creator with everything it wrote, and an update with what it changed", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(`${gadgets}?fieldManager=creator`, gadget("updated", { size: 1, code: "a" })));
    const patched = ok(await api.patch("merge", `${gadgets}/updated?fieldManager=patcher`, { spec: { size: 2 } }));
    assert.deepEqual(owners(patched), {
      "creator/Update/": { "f:spec": { ".": {}, "f:code": {}, "f:color": {}, "f:nested": { ".": {}, "f:level": {} } } },
      "patcher/Update/": { "f:spec": { "f:size": {} } },
    });
  });

  it("names a manager after the user agent when the request names none", async () => {
    const created = ok(await cluster.api.create(cluster.gadgets, gadget("agent", { size: 1 })));
    assert.equal(at(created, "metadata.managedFields.0.manager"), "conformance");
  });

  it("keeps writers of the status apart", async () => {
    const { api, gadgets } = cluster;
    ok(await apply("apart", "one", { size: 1 }));
    const patched = ok(await api.patch("merge", `${gadgets}/apart/status?fieldManager=one`, { status: { phase: "Ready" } }));
    assert.deepEqual(owners(patched)["one/Update/status"], { "f:status": { ".": {}, "f:phase": {} } });
    const applied = ok(await api.patch("apply", `${gadgets}/apart/status?fieldManager=two&force=true`, { ...gadget("apart"), status: { phase: "Done" } }));
    assert.deepEqual(owners(applied)["two/Apply/status"], { "f:status": { "f:phase": {} } });
    assert.equal(at(applied, "spec.size"), 1);
  });

  it("forgets all managers when asked to, and calls what was there before-first-apply at the next apply", async () => {
    const { api, gadgets } = cluster;
    ok(await apply("reset", "one", { size: 1 }));
    const forgotten = ok(await api.patch("merge", `${gadgets}/reset`, { metadata: { managedFields: [{}] } }));
    assert.equal(at(forgotten, "metadata.managedFields"), undefined);
    const applied = ok(await apply("reset", "two", { code: "a" }));
    assert.deepEqual(Object.keys(owners(applied)).sort(), ["before-first-apply/Update/", "two/Apply/"]);
  });

  it("refuses fields the schema does not have, and managedFields in an applied body", async () => {
    const unknown = await apply("undeclared", "one", { bogus: 1 });
    assert.equal(unknown.status, 500);
    assert.match(textAt(unknown.body, "message"), /\.spec\.bogus: field not declared in schema$/);
    ok(await apply("nested", "one", { size: 1 }));
    const { status, body } = await apply("nested", "one", { size: 1 }, false, { managedFields: [{ manager: "x" }] });
    assert.deepEqual([status, at(body, "message")], [400, "metadata.managedFields must be nil"]);
  });

  it("keeps the order of the applied list and the place of items that others own", async () => {
    ok(await apply("order", "one", { parts: [{ name: "a" }, { name: "b" }, { name: "c" }] }));
    ok(await apply("order", "two", { parts: [{ name: "d" }] }));
    const turned = ok(await apply("order", "one", { parts: [{ name: "c" }, { name: "a" }, { name: "b" }] }));
    assert.deepEqual(
      listAt(turned, "spec.parts").map((part) => textAt(part, "name")),
      ["c", "d", "a", "b"],
    );
  });

  it("owns finalizers and owner references item by item", async () => {
    const { api, gadgets } = cluster;
    ok(await apply("meta", "one", {}, false, { finalizers: ["conformance.flyteops.dev/one"], labels: { a: "1" } }));
    const both = ok(await apply("meta", "two", {}, false, { finalizers: ["conformance.flyteops.dev/two"], labels: { b: "2" } }));
    assert.deepEqual(at(both, "metadata.finalizers"), ["conformance.flyteops.dev/one", "conformance.flyteops.dev/two"]);
    const one = ok(await apply("meta", "one", {}));
    assert.deepEqual([at(one, "metadata.finalizers"), at(one, "metadata.labels")], [["conformance.flyteops.dev/two"], { b: "2" }]);
    ok(await api.patch("merge", `${gadgets}/meta`, { metadata: { finalizers: null } }));
  });

  it("works on built-in kinds with keys that have defaults", async () => {
    const { api, pods } = cluster;
    const pod = (port: Record<string, unknown>) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "ports" },
      spec: { containers: [{ name: "main", image: "none:1", ports: [port] }] },
    });
    const applied = ok(await api.patch("apply", `${pods}/ports?fieldManager=one`, pod({ containerPort: 80 })));
    const owned = owners(applied)["one/Apply/"];
    assert.deepEqual(at(owned, "f:spec"), {
      "f:containers": {
        'k:{"name":"main"}': {
          ".": {},
          "f:image": {},
          "f:name": {},
          "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
        },
      },
    });
    ok(await api.delete(`${pods}/ports?gracePeriodSeconds=0`));
  });
});
