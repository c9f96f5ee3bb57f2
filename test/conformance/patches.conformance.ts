import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";
import { deployment, deploymentsOf } from "./support/workload.ts";

describe("conformance: patches", () => {
  const cluster = useCluster();

  it("merges objects, replaces lists and removes what is null", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("merged", { size: 1, labels: { a: "1", b: "1" }, steps: ["x", "y"] })));
    const patched = ok(await api.patch("merge", `${gadgets}/merged`, { spec: { size: null, labels: { a: null, c: "1" }, steps: ["z"] } }));
    assert.deepEqual([at(patched, "spec.size"), at(patched, "spec.labels"), at(patched, "spec.steps")], [undefined, { b: "1", c: "1" }, ["z"]]);
  });

  it("runs the operations of a JSON patch, all or none", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("operated", { size: 1, steps: ["a", "b"] })));
    const patched = ok(
      await api.patch("json", `${gadgets}/operated`, [
        { op: "test", path: "/spec/size", value: 1 },
        { op: "replace", path: "/spec/size", value: 2 },
        { op: "add", path: "/spec/steps/-", value: "c" },
        { op: "remove", path: "/spec/steps/0" },
      ]),
    );
    assert.deepEqual([at(patched, "spec.size"), at(patched, "spec.steps")], [2, ["b", "c"]]);
    const refused = await api.patch("json", `${gadgets}/operated`, [
      { op: "replace", path: "/spec/size", value: 3 },
      { op: "test", path: "/spec/size", value: 99 },
    ]);
    assert.deepEqual([refused.status, at(refused.body, "reason")], [422, "Invalid"]);
    assert.equal(at(ok(await api.get(`${gadgets}/operated`)), "spec.size"), 2);
  });

  it("has no strategic merge for custom kinds", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("unstrategic")));
    assert.equal((await api.patch("strategic", `${gadgets}/unstrategic`, { spec: { size: 1 } })).status, 415);
  });

  it("merges lists of built-in kinds by key, and deletes and orders items as told", async () => {
    const { api, namespace } = cluster;
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    ok(await api.create(accounts, { metadata: { name: "strategic" }, secrets: [{ name: "a" }, { name: "b" }] }));
    const names = (body: unknown) => listAt(body, "secrets").map((secret) => textAt(secret, "name"));
    const patch = async (body: unknown) => names(ok(await api.patch("strategic", `${accounts}/strategic`, body)));
    assert.deepEqual(await patch({ secrets: [{ name: "c" }] }), ["c", "a", "b"]);
    assert.deepEqual(await patch({ secrets: [{ name: "a", $patch: "delete" }] }), ["c", "b"]);
    assert.deepEqual(await patch({ secrets: [{ name: "d" }], "$setElementOrder/secrets": [{ name: "b" }, { name: "d" }, { name: "c" }] }), ["b", "d", "c"]);
    assert.deepEqual(await patch({ secrets: [{ name: "e" }, { $patch: "replace" }] }), ["e"]);
  });

  it("merges sets of built-in kinds and deletes the items it is told to", async () => {
    const { api, configMaps } = cluster;
    const [one, two, three] = ["x.dev/1", "x.dev/2", "x.dev/3"];
    ok(await api.create(configMaps, { metadata: { name: "finalized", finalizers: [one, two] } }));
    const added = ok(await api.patch("strategic", `${configMaps}/finalized`, { metadata: { finalizers: [three] } }));
    assert.deepEqual([...listAt(added, "metadata.finalizers")].sort(), [one, two, three]);
    const removed = ok(await api.patch("strategic", `${configMaps}/finalized`, { metadata: { "$deleteFromPrimitiveList/finalizers": [two] } }));
    assert.deepEqual([...listAt(removed, "metadata.finalizers")].sort(), [one, three]);
    ok(await api.patch("merge", `${configMaps}/finalized`, { metadata: { finalizers: null } }));
  });

  it("replaces a map when the patch says so", async () => {
    const { api, configMaps } = cluster;
    ok(await api.create(configMaps, { metadata: { name: "mapped" }, data: { a: "1", b: "2" } }));
    assert.deepEqual(at(ok(await api.patch("strategic", `${configMaps}/mapped`, { data: { c: "3", a: null } })), "data"), { b: "2", c: "3" });
    assert.deepEqual(at(ok(await api.patch("strategic", `${configMaps}/mapped`, { data: { $patch: "replace", z: "9" } })), "data"), { z: "9" });
  });

  describe("of what is inside a Deployment", () => {
    const path = () => `${deploymentsOf(cluster)}/inside`;
    const patch = (spec: Record<string, unknown>) => cluster.api.patch("strategic", path(), { spec });
    const inTemplate = (spec: Record<string, unknown>) => patch({ template: { spec } });
    const template = "spec.template.spec";

    before(async () => {
      const env = [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ];
      const containers = [{ name: "main", image: "example.org/app:1", env }];
      const body = deployment("inside", { replicas: 0 });
      ok(
        await cluster.api.create(deploymentsOf(cluster), {
          ...body,
          spec: { ...(body["spec"] as object), template: { metadata: { labels: { app: "inside" } }, spec: { containers } } },
        }),
      );
    });

    it("reaches a variable of one container by both names", async () => {
      const added = ok(await inTemplate({ containers: [{ name: "main", env: [{ name: "C", value: "3" }] }] }));
      assert.deepEqual(
        listAt(added, `${template}.containers.0.env`).map((one) => textAt(one, "name")),
        ["C", "A", "B"],
      );
      const removed = ok(await inTemplate({ containers: [{ name: "main", env: [{ name: "A", $patch: "delete" }] }] }));
      assert.deepEqual(
        listAt(removed, `${template}.containers.0.env`).map((one) => textAt(one, "name")),
        ["C", "B"],
      );
      assert.equal(at(removed, `${template}.containers.0.image`), "example.org/app:1");
    });

    it("puts a container where the patch says that it stands", async () => {
      const ordered = ok(
        await inTemplate({ "$setElementOrder/containers": [{ name: "first" }, { name: "main" }], containers: [{ name: "first", image: "example.org/b:1" }] }),
      );
      assert.deepEqual(
        listAt(ordered, `${template}.containers`).map((one) => textAt(one, "name")),
        ["first", "main"],
      );
    });

    it("keeps of a union only what it is told to retain", async () => {
      const recreated = ok(await patch({ strategy: { $retainKeys: ["type"], type: "Recreate" } }));
      assert.deepEqual(at(recreated, "spec.strategy"), { type: "Recreate" });
      const { status, body } = await patch({ strategy: { $retainKeys: ["type"], type: "Recreate", rollingUpdate: { maxSurge: 1 } } });
      assert.deepEqual([status, at(body, "message")], [400, "invalid patch format of retainKeys"]);
      ok(await inTemplate({ volumes: [{ name: "v", emptyDir: {} }] }));
      const changed = ok(await inTemplate({ volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "c" } }] }));
      assert.deepEqual(at(changed, `${template}.volumes`), [{ name: "v", configMap: { name: "c", defaultMode: 420 } }]);
      assert.equal((await inTemplate({ volumes: [{ name: "v", emptyDir: {} }] })).status, 422);
    });

    it("replaces a list whole, and refuses items that no key tells apart and directives that there are not", async () => {
      const replaced = ok(await inTemplate({ containers: [{ $patch: "replace" }, { name: "only", image: "example.org/c:1" }] }));
      assert.deepEqual(
        listAt(replaced, `${template}.containers`).map((one) => textAt(one, "name")),
        ["only"],
      );
      const refusals = [{ containers: [{ image: "x" }] }, { containers: [{ name: "only", $patch: "frob" }] }];
      for (const spec of refusals) assert.equal((await inTemplate(spec)).status, 500);
      assert.match(textAt((await inTemplate(refusals[0] ?? {})).body, "message"), /does not contain declared merge key: name$/);
    });
  });

  it("refuses patches that cannot be read, are of no known type, or mean nothing", async () => {
    const { api, gadgets, configMaps } = cluster;
    ok(await api.create(gadgets, gadget("refusing", { size: 1 })));
    ok(await api.create(configMaps, { metadata: { name: "refusing" } }));
    for (const path of [`${gadgets}/refusing`, `${configMaps}/refusing`]) {
      for (const type of ["merge", "json"] as const) {
        const { status, body } = await api.patch(type, path, "{");
        assert.deepEqual([status, /^error decoding patch: /.test(textAt(body, "message"))], [400, true]);
      }
      assert.equal((await api.patch("merge", path, "[]")).status, 400);
      assert.equal((await api.patch("json", path, [{ op: "frob", path: "/metadata" }])).status, 422);
      assert.equal((await api.patch("json", path, [{ op: "remove", path: "/metadata/labels/none" }])).status, 422);
      const forced = await api.patch("merge", `${path}?force=true`, {});
      assert.deepEqual([forced.status, at(forced.body, "details.causes.0.message")], [422, "Forbidden: may not be specified for non-apply patch"]);
      assert.equal((await api.patch("merge", `${path}?fieldManager=${"x".repeat(129)}`, {})).status, 422);
    }
  });

  it("refuses to rename, and to patch what is not there", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("named")));
    assert.equal((await api.patch("merge", `${gadgets}/named`, { metadata: { name: "other" } })).status, 400);
    assert.equal((await api.patch("merge", `${gadgets}/absent`, { spec: {} })).status, 404);
  });
});
