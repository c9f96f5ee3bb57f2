import assert from "node:assert/strict";
import { at, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

describe("conformance: namespaces", () => {
  const cluster = useCluster();
  const other = () => `${cluster.namespace}-other`;
  const path = () => `/api/v1/namespaces/${other()}`;

  it("starts a namespace Active, with its name as a label and the finalizer that empties it", async () => {
    const body = ok(await cluster.api.get(`/api/v1/namespaces/${cluster.namespace}`));
    assert.equal(at(body, "status.phase"), "Active");
    assert.deepEqual(at(body, "spec.finalizers"), ["kubernetes"]);
    assert.equal(
      at(at(body, "metadata.labels"), "kubernetes") ?? (at(body, "metadata.labels") as Record<string, string>)["kubernetes.io/metadata.name"],
      cluster.namespace,
    );
  });

  it("refuses objects in a namespace that does not exist", async () => {
    const { status, body } = await cluster.api.create("/api/v1/namespaces/no-such-namespace/configmaps", { metadata: { name: "x" } });
    assert.deepEqual([status, at(body, "message")], [404, 'namespaces "no-such-namespace" not found']);
  });

  it("refuses a namespace in the body that is not the one of the request", async () => {
    const { status, body } = await cluster.api.create(cluster.gadgets, gadget("elsewhere", {}, { namespace: "default" }));
    assert.deepEqual([status, at(body, "message")], [400, "the namespace of the provided object does not match the namespace sent on the request"]);
  });

  it("empties a namespace before it goes, and lets nothing new in meanwhile", async function () {
    this.timeout(60_000);
    const { api } = cluster;
    ok(await api.create("/api/v1/namespaces", { metadata: { name: other() } }));
    const gadgets = `/apis/conformance.flyteops.dev/v1/namespaces/${other()}/gadgets`;
    ok(await api.create(gadgets, gadget("held", {}, { finalizers: ["conformance.flyteops.dev/hold"] })));
    ok(await api.create(`${path()}/configmaps`, { metadata: { name: "plain" } }));
    const deleting = ok(await api.delete(path()));
    assert.equal(at(deleting, "status.phase"), "Terminating");
    const refused = await api.create(`${path()}/configmaps`, { metadata: { name: "late" } });
    assert.equal(refused.status, 403);
    assert.match(textAt(refused.body, "message"), /unable to create new content in namespace .* because it is being terminated/);
    assert.equal(at(refused.body, "details.causes.0.reason"), "NamespaceTerminating");
    await eventually("what holds nothing is gone", async () => (await api.get(`${path()}/configmaps/plain`)).status === 404);
    await eventually("what is held is being deleted", async () => at((await api.get(`${gadgets}/held`)).body, "metadata.deletionTimestamp") !== undefined);
    assert.equal((await api.get(path())).status, 200);
    ok(await api.patch("merge", `${gadgets}/held`, { metadata: { finalizers: null } }));
    await eventually("the namespace is gone", async () => (await api.get(path())).status === 404, 40_000);
  });

  it("gives every namespace a default service account", async function () {
    this.timeout(60_000);
    await eventually(
      "the default account is there",
      async () => (await cluster.api.get(`/api/v1/namespaces/${cluster.namespace}/serviceaccounts/default`)).status === 200,
    );
  });

  it("does not let the default namespace be deleted", async () => {
    const { status } = await cluster.api.delete("/api/v1/namespaces/default");
    assert.equal(status, 403);
  });
});
