import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

const FINALIZER = "conformance.flyteops.dev/hold";

describe("conformance: deletion, finalizers and garbage collection", () => {
  const cluster = useCluster();
  // A garbage collector may learn of a new kind only after half a minute.
  const gone = (path: string) => eventually(`${path} is gone`, async () => (await cluster.api.get(path)).status === 404, 75_000);

  const reference = (owner: unknown, block = false) => ({
    apiVersion: "conformance.flyteops.dev/v1",
    kind: "Gadget",
    name: textAt(owner, "metadata.name"),
    uid: textAt(owner, "metadata.uid"),
    ...(block ? { blockOwnerDeletion: true } : {}),
  });

  const exists = async (path: string) => (await cluster.api.get(path)).status === 200;

  it("removes an object at once when nothing holds it, and answers what was deleted", async () => {
    const { api, gadgets } = cluster;
    const created = ok(await api.create(gadgets, gadget("plain")));
    const body = ok(await api.delete(`${gadgets}/plain`));
    assert.deepEqual([at(body, "kind"), at(body, "status"), at(body, "details.uid")], ["Status", "Success", at(created, "metadata.uid")]);
    const { status, body: missing } = await api.get(`${gadgets}/plain`);
    assert.deepEqual([status, at(missing, "reason"), at(missing, "message")], [404, "NotFound", 'gadgets.conformance.flyteops.dev "plain" not found']);
  });

  it("answers 404 when asked to delete what is not there", async () => {
    assert.equal((await cluster.api.delete(`${cluster.gadgets}/never`)).status, 404);
  });

  it("refuses options that contradict the object, each other, or what there is", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("kept")));
    const refusal = async (options: unknown) => {
      const { status, body } = await api.delete(`${gadgets}/kept`, options);
      return [status, at(body, "details.causes.0.reason") ?? at(body, "reason")];
    };
    assert.deepEqual(await refusal({ preconditions: { resourceVersion: "1" } }), [409, "Conflict"]);
    assert.deepEqual(await refusal({ propagationPolicy: "Sideways" }), [422, "FieldValueNotSupported"]);
    assert.deepEqual(await refusal({ propagationPolicy: "Orphan", orphanDependents: true }), [422, "FieldValueInvalid"]);
    assert.deepEqual(await refusal({ apiVersion: "v1", kind: "Pod" }), [400, "BadRequest"]);
    assert.deepEqual(await refusal("{"), [400, "BadRequest"]);
    assert.ok(await exists(`${gadgets}/kept`));
  });

  it("keeps an object with finalizers until the last one is removed", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("held", {}, { finalizers: [FINALIZER, `${FINALIZER}-2`] })));
    const deleting = ok(await api.delete(`${gadgets}/held`));
    assert.ok(at(deleting, "metadata.deletionTimestamp"));
    assert.equal(at(deleting, "metadata.deletionGracePeriodSeconds"), 0);
    const again = ok(await api.delete(`${gadgets}/held`));
    assert.equal(at(again, "metadata.deletionTimestamp"), at(deleting, "metadata.deletionTimestamp"));
    ok(await api.patch("json", `${gadgets}/held`, [{ op: "remove", path: "/metadata/finalizers/1" }]));
    assert.ok(await exists(`${gadgets}/held`));
    ok(await api.patch("merge", `${gadgets}/held`, { metadata: { finalizers: null } }));
    assert.equal((await api.get(`${gadgets}/held`)).status, 404);
  });

  it("lets no finalizer be added while an object is being deleted", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("closing", {}, { finalizers: [FINALIZER] })));
    ok(await api.delete(`${gadgets}/closing`));
    const { status, body } = await api.patch("merge", `${gadgets}/closing`, { metadata: { finalizers: [FINALIZER, `${FINALIZER}-late`] } });
    assert.deepEqual([status, at(body, "details.causes.0.reason"), at(body, "details.causes.0.field")], [422, "FieldValueForbidden", "metadata.finalizers"]);
    ok(await api.patch("merge", `${gadgets}/closing`, { metadata: { finalizers: [] } }));
    await gone(`${gadgets}/closing`);
  });

  it("counts deletion as a new generation", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("generation", {}, { finalizers: [FINALIZER] })));
    assert.equal(at(ok(await api.delete(`${gadgets}/generation`)), "metadata.generation"), 2);
    ok(await api.patch("merge", `${gadgets}/generation`, { metadata: { finalizers: null } }));
  });

  it("collects what an owner leaves behind in the background", async function () {
    this.timeout(90_000);
    const { api, gadgets, configMaps } = cluster;
    const owner = ok(await api.create(gadgets, gadget("owner")));
    ok(await api.create(configMaps, { metadata: { name: "child", ownerReferences: [reference(owner)] } }));
    ok(await api.create(configMaps, { metadata: { name: "stranger" } }));
    ok(await api.delete(`${gadgets}/owner`, { propagationPolicy: "Background" }));
    await gone(`${configMaps}/child`);
    assert.ok(await exists(`${configMaps}/stranger`));
  });

  it("keeps what still has another owner", async function () {
    this.timeout(90_000);
    const { api, gadgets, configMaps } = cluster;
    const one = ok(await api.create(gadgets, gadget("owner-one")));
    const two = ok(await api.create(gadgets, gadget("owner-two")));
    ok(await api.create(configMaps, { metadata: { name: "both", ownerReferences: [reference(one), reference(two)] } }));
    ok(await api.create(configMaps, { metadata: { name: "only-one", ownerReferences: [reference(one)] } }));
    ok(await api.delete(`${gadgets}/owner-one`, { propagationPolicy: "Background" }));
    await gone(`${configMaps}/only-one`);
    await eventually("the absent owner is forgotten", async () => {
      const names = listAt((await api.get(`${configMaps}/both`)).body, "metadata.ownerReferences").map((owner) => textAt(owner, "name"));
      return names.join() === "owner-two";
    });
  });

  it("deletes dependents first when asked to", async function () {
    this.timeout(90_000);
    const { api, gadgets } = cluster;
    const owner = ok(await api.create(gadgets, gadget("foreground")));
    ok(await api.create(gadgets, gadget("dependent", {}, { finalizers: [FINALIZER], ownerReferences: [reference(owner, true)] })));
    const deleting = ok(await api.delete(`${gadgets}/foreground`, { propagationPolicy: "Foreground" }));
    assert.deepEqual(at(deleting, "metadata.finalizers"), ["foregroundDeletion"]);
    await eventually(
      "the dependent is being deleted",
      async () => at((await api.get(`${gadgets}/dependent`)).body, "metadata.deletionTimestamp") !== undefined,
    );
    assert.ok(await exists(`${gadgets}/foreground`));
    ok(await api.patch("merge", `${gadgets}/dependent`, { metadata: { finalizers: null } }));
    await gone(`${gadgets}/foreground`);
  });

  it("leaves dependents without an owner when asked to orphan them", async function () {
    this.timeout(90_000);
    const { api, gadgets, configMaps } = cluster;
    const owner = ok(await api.create(gadgets, gadget("parent")));
    ok(await api.create(configMaps, { metadata: { name: "orphan", ownerReferences: [reference(owner)] } }));
    await eventually("the dependent is known", async () => exists(`${configMaps}/orphan`));
    ok(await api.delete(`${gadgets}/parent`, { propagationPolicy: "Orphan" }));
    await gone(`${gadgets}/parent`);
    assert.deepEqual(listAt(ok(await api.get(`${configMaps}/orphan`)), "metadata.ownerReferences"), []);
  });

  it("collects an object whose owner never was", async function () {
    this.timeout(90_000);
    const { api, gadgets, configMaps } = cluster;
    const ghost = { apiVersion: "conformance.flyteops.dev/v1", kind: "Gadget", name: "ghost", uid: "11111111-2222-3333-4444-555555555555" };
    ok(await api.create(configMaps, { metadata: { name: "haunted", ownerReferences: [ghost] } }));
    await gone(`${configMaps}/haunted`);
    assert.ok(gadgets);
  });

  it("deletes a collection by label", async () => {
    const { api, gadgets } = cluster;
    for (const name of ["set-a", "set-b"]) ok(await api.create(gadgets, gadget(name, {}, { labels: { set: "yes" } })));
    ok(await api.create(gadgets, gadget("set-c", {}, { labels: { set: "no" } })));
    ok(await api.delete(`${gadgets}?labelSelector=${encodeURIComponent("set=yes")}`));
    const left = listAt(ok(await api.get(`${gadgets}?labelSelector=set`)), "items").map((item) => textAt(item, "metadata.name"));
    assert.deepEqual(left, ["set-c"]);
  });
});
