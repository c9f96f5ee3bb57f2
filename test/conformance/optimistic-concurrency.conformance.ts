import assert from "node:assert/strict";
import { at, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

describe("conformance: optimistic concurrency", () => {
  const cluster = useCluster();

  it("gives every write a new resourceVersion and a write that changes nothing the old one", async () => {
    const { api, gadgets } = cluster;
    const first = ok(await api.create(gadgets, gadget("versions", { size: 1 })));
    const second = ok(await api.patch("merge", `${gadgets}/versions`, { spec: { size: 2 } }));
    const third = ok(await api.patch("merge", `${gadgets}/versions`, { spec: { size: 2 } }));
    assert.notEqual(textAt(first, "metadata.resourceVersion"), textAt(second, "metadata.resourceVersion"));
    assert.equal(textAt(second, "metadata.resourceVersion"), textAt(third, "metadata.resourceVersion"));
  });

  it("refuses an update that was made from an older state", async () => {
    const { api, gadgets } = cluster;
    const read = ok(await api.create(gadgets, gadget("stale", { size: 1 }))) as Record<string, unknown>;
    ok(await api.patch("merge", `${gadgets}/stale`, { spec: { size: 2 } }));
    const { status, body } = await api.replace(`${gadgets}/stale`, { ...read, spec: { size: 3 } });
    assert.equal(status, 409);
    assert.equal(at(body, "reason"), "Conflict");
    assert.match(textAt(body, "message"), /the object has been modified; please apply your changes to the latest version and try again/);
  });

  it("refuses an update of a custom resource that names no version", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("unversioned")));
    const { status, body } = await api.replace(`${gadgets}/unversioned`, gadget("unversioned", { size: 2 }));
    assert.equal(status, 422);
    assert.equal(at(body, "details.causes.0.field"), "metadata.resourceVersion");
  });

  it("lets a built-in object be overwritten without a version", async () => {
    const { api, configMaps } = cluster;
    ok(await api.create(configMaps, { metadata: { name: "free" }, data: { a: "1" } }));
    const replaced = ok(await api.replace(`${configMaps}/free`, { metadata: { name: "free" }, data: { a: "2" } }));
    assert.equal(at(replaced, "data.a"), "2");
  });

  it("holds a patch to the resourceVersion and the uid that it names", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("guarded", { size: 1 })));
    assert.equal((await api.patch("merge", `${gadgets}/guarded`, { metadata: { resourceVersion: "1" }, spec: { size: 2 } })).status, 409);
    const other = await api.patch("merge", `${gadgets}/guarded`, { metadata: { uid: "11111111-2222-3333-4444-555555555555" }, spec: { size: 2 } });
    assert.equal(other.status, 422);
    assert.equal(at(other.body, "details.causes.0.field"), "metadata.uid");
    assert.equal(at(ok(await api.get(`${gadgets}/guarded`)), "spec.size"), 1);
  });

  it("refuses to create what exists, and to create with a version", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("once")));
    const again = await api.create(gadgets, gadget("once"));
    assert.equal(again.status, 409);
    assert.equal(at(again.body, "reason"), "AlreadyExists");
    assert.equal(at(again.body, "message"), 'gadgets.conformance.flyteops.dev "once" already exists');
    assert.equal((await api.create(gadgets, gadget("twice", {}, { resourceVersion: "5" }))).status, 500);
  });

  it("deletes only the object whose uid the request names", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("precise")));
    const wrong = await api.delete(`${gadgets}/precise`, { preconditions: { uid: "11111111-2222-3333-4444-555555555555" } });
    assert.equal(wrong.status, 409);
    assert.equal((await api.get(`${gadgets}/precise`)).status, 200);
  });

  it("makes names from generateName that are different each time", async () => {
    const { api, gadgets } = cluster;
    const make = async () => textAt(ok(await api.create(gadgets, { ...gadget("x"), metadata: { generateName: "made-" } })), "metadata.name");
    const [one, two] = [await make(), await make()];
    assert.match(one, /^made-[a-z0-9]{5}$/);
    assert.notEqual(one, two);
  });
});
