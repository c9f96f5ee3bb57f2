import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

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

  it("refuses to rename, and to patch what is not there", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("named")));
    assert.equal((await api.patch("merge", `${gadgets}/named`, { metadata: { name: "other" } })).status, 400);
    assert.equal((await api.patch("merge", `${gadgets}/absent`, { spec: {} })).status, 404);
  });
});
