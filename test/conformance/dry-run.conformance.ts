import assert from "node:assert/strict";
import { at } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

describe("conformance: dry run", () => {
  const cluster = useCluster();

  it("answers a create as if it had happened and stores nothing", async () => {
    const { api, gadgets } = cluster;
    const { status, body } = await api.create(`${gadgets}?dryRun=All`, gadget("imagined", { size: 1 }));
    assert.equal(status, 201);
    assert.equal(at(body, "spec.color"), "red");
    assert.ok(at(body, "metadata.uid"));
    assert.equal((await api.get(`${gadgets}/imagined`)).status, 404);
  });

  it("answers updates, patches and applies with their result and changes nothing", async () => {
    const { api, gadgets } = cluster;
    const stored = ok(await api.create(gadgets, gadget("steady", { size: 1 }))) as Record<string, unknown>;
    assert.equal(at(ok(await api.replace(`${gadgets}/steady?dryRun=All`, { ...stored, spec: { size: 2 } })), "spec.size"), 2);
    assert.equal(at(ok(await api.patch("merge", `${gadgets}/steady?dryRun=All`, { spec: { size: 3 } })), "spec.size"), 3);
    assert.equal(at(ok(await api.patch("apply", `${gadgets}/steady?dryRun=All&fieldManager=x&force=true`, gadget("steady", { size: 4 }))), "spec.size"), 4);
    assert.deepEqual(ok(await api.get(`${gadgets}/steady`)), stored);
  });

  it("refuses what a real write would refuse", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("taken", { size: 1 })));
    assert.equal((await api.create(`${gadgets}?dryRun=All`, gadget("taken"))).status, 409);
    assert.equal((await api.create(`${gadgets}?dryRun=All`, gadget("invalid", { size: 0 }))).status, 422);
    ok(await api.patch("apply", `${gadgets}/owned?fieldManager=one`, gadget("owned", { size: 1 })));
    assert.equal((await api.patch("apply", `${gadgets}/owned?fieldManager=two&dryRun=All`, gadget("owned", { size: 2 }))).status, 409);
  });

  it("deletes nothing", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("alive")));
    ok(await api.delete(`${gadgets}/alive?dryRun=All`));
    assert.equal((await api.get(`${gadgets}/alive`)).status, 200);
  });

  it("does not accept another value", async () => {
    const { status } = await cluster.api.create(`${cluster.gadgets}?dryRun=Maybe`, gadget("maybe"));
    assert.equal(status, 422);
  });
});
