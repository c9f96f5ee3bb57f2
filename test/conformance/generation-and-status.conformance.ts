import assert from "node:assert/strict";
import { at } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

describe("conformance: generation and the status subresource", () => {
  const cluster = useCluster();

  it("starts the generation at one and counts only changes of the spec", async () => {
    const { api, gadgets } = cluster;
    const generation = (body: unknown) => at(body, "metadata.generation");
    assert.equal(generation(ok(await api.create(gadgets, gadget("counted", { size: 1 })))), 1);
    assert.equal(generation(ok(await api.patch("merge", `${gadgets}/counted`, { metadata: { labels: { a: "b" } } }))), 1);
    assert.equal(generation(ok(await api.patch("merge", `${gadgets}/counted/status`, { status: { phase: "Ready" } }))), 1);
    assert.equal(generation(ok(await api.patch("merge", `${gadgets}/counted`, { spec: { size: 2 } }))), 2);
    assert.equal(generation(ok(await api.patch("merge", `${gadgets}/counted`, { spec: { size: 2 } }))), 2);
  });

  it("ignores a status written to the object itself", async () => {
    const { api, gadgets } = cluster;
    const created = ok(await api.create(gadgets, { ...gadget("spec-only"), status: { phase: "Early" } }));
    assert.equal(at(created, "status"), undefined);
    const patched = ok(await api.patch("merge", `${gadgets}/spec-only`, { status: { phase: "Early" } }));
    assert.equal(at(patched, "status"), undefined);
  });

  it("ignores everything but the status written to /status", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("status-only", { size: 1 }, { labels: { kept: "yes" } })));
    const patched = ok(
      await api.patch("merge", `${gadgets}/status-only/status`, { metadata: { labels: { kept: "no" } }, spec: { size: 9 }, status: { phase: "Ready" } }),
    );
    assert.equal(at(patched, "spec.size"), 1);
    assert.equal(at(patched, "metadata.labels.kept"), "yes");
    assert.equal(at(patched, "status.phase"), "Ready");
  });

  it("keeps the status when the object is replaced without one", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("kept", { size: 1 })));
    const { status: _status, ...rest } = ok(await api.patch("merge", `${gadgets}/kept/status`, { status: { phase: "Ready" } })) as Record<string, unknown>;
    const replaced = ok(await api.replace(`${gadgets}/kept`, { ...rest, spec: { size: 2 } }));
    assert.equal(at(replaced, "status.phase"), "Ready");
  });

  it("validates the status by the schema", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("checked")));
    const { status, body } = await api.patch("merge", `${gadgets}/checked/status`, { status: { phase: 5 } });
    assert.equal(status, 422);
    assert.deepEqual(at(body, "details.causes.0"), {
      reason: "FieldValueTypeInvalid",
      message: 'Invalid value: "integer": phase in body must be of type string: "integer"',
      field: "status.phase",
    });
  });

  it("ignores identity that a client sends", async () => {
    const { api, gadgets } = cluster;
    const sent = {
      uid: "11111111-2222-3333-4444-555555555555",
      creationTimestamp: "2001-01-01T00:00:00Z",
      generation: 7,
      deletionTimestamp: "2001-01-01T00:00:00Z",
    };
    const created = ok(await api.create(gadgets, gadget("identity", {}, sent)));
    assert.notEqual(at(created, "metadata.uid"), sent.uid);
    assert.notEqual(at(created, "metadata.creationTimestamp"), sent.creationTimestamp);
    assert.equal(at(created, "metadata.generation"), 1);
    assert.equal(at(created, "metadata.deletionTimestamp"), undefined);
  });
});
