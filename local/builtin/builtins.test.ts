import assert from "node:assert/strict";
import { seededRandom, silentLogger } from "../../base/index.ts";
import { setMaxListeners } from "node:events";
import { informerSet, Kinds, type KindRef, type KubeObject, type OwnerReference } from "../../kube/index.ts";
import { type TestApi, testApi } from "../kubelet/fixtures/test-api.ts";
import { realClock } from "../kubelet/fixtures/world.ts";
import { builtinControllers } from "./builtins.ts";

const Widget: KindRef = { group: "example.com", version: "v1", kind: "Widget", plural: "widgets", namespaced: true };

const object = (kind: KindRef, name: string, owners: OwnerReference[] = [], more: object = {}): KubeObject => ({
  apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
  kind: kind.kind,
  metadata: { name, ...(kind.namespaced ? { namespace: "default" } : {}), ...(owners.length > 0 ? { ownerReferences: owners } : {}), ...more },
});

const definition: KubeObject = {
  ...object(Kinds.CustomResourceDefinition, "widgets.example.com"),
  spec: {
    group: "example.com",
    names: { kind: "Widget", plural: "widgets" },
    scope: "Namespaced",
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

const ownerOf = (owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name ?? "",
  uid: owner.metadata.uid ?? "",
  ...more,
});

describe("built-in controllers", () => {
  let api: TestApi;
  let stop: AbortController;
  let running: Promise<unknown>;

  function start(): void {
    stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const deps = { clock: realClock, random: seededRandom(1), logger: silentLogger };
    const informers = informerSet({ client: api.client, ...deps });
    running = Promise.all([builtinControllers({ informers, transport: api.server.transport(), ...deps }).run(stop.signal), informers.run(stop.signal)]);
  }

  beforeEach(async () => {
    api = await testApi(realClock);
    start();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await api.close();
  });

  const gone = (kind: KindRef, name: string) => api.until(kind, name, (found) => found === undefined);

  it("deletes what an owner leaves behind, and what that leaves behind in turn", async () => {
    const owner = await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "owner"));
    const middle = await api.client.create(Kinds.Secret, object(Kinds.Secret, "middle", [ownerOf(owner)]));
    await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "leaf", [ownerOf(middle)]));
    await api.client.delete(Kinds.ConfigMap, { namespace: "default", name: "owner" });
    await Promise.all([gone(Kinds.Secret, "middle"), gone(Kinds.ConfigMap, "leaf")]);
  });

  it("keeps an object while one of two owners lives, and takes the dead one off its list", async () => {
    const [dead, alive] = [
      await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "dead")),
      await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "alive")),
    ];
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "shared", [ownerOf(dead), ownerOf(alive)]));
    await api.client.delete(Kinds.ConfigMap, { namespace: "default", name: "dead" });
    const shared = await api.until(Kinds.Secret, "shared", (found) => found?.metadata.ownerReferences?.length === 1);
    assert.deepEqual(
      shared?.metadata.ownerReferences?.map(({ name }) => name),
      ["alive"],
    );
  });

  it("collects an object that is created after its owner has gone", async () => {
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "late", [{ apiVersion: "v1", kind: "ConfigMap", name: "never", uid: "no-such-uid" }]));
    await gone(Kinds.Secret, "late");
  });

  it("does not take a namesake for the owner", async () => {
    await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "namesake"));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "orphan", [{ apiVersion: "v1", kind: "ConfigMap", name: "namesake", uid: "other" }]));
    await gone(Kinds.Secret, "orphan");
    assert.equal((await api.all(Kinds.ConfigMap)).length, 1);
  });

  it("in foreground deletion keeps the owner until its blocking dependents are gone", async () => {
    const owner = await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "owner"));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "held", [ownerOf(owner, { blockOwnerDeletion: true })], { finalizers: ["example.com/hold"] }));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "free", [ownerOf(owner, { blockOwnerDeletion: true })]));
    await api.client.delete(Kinds.ConfigMap, { namespace: "default", name: "owner" }, { propagation: "Foreground" });
    await gone(Kinds.Secret, "free");
    const held = await api.until(Kinds.Secret, "held", (found) => found?.metadata.deletionTimestamp !== undefined);
    assert.equal((await api.all(Kinds.ConfigMap)).length, 1);
    await api.client.patch(
      Kinds.Secret,
      { namespace: "default", name: held?.metadata.name ?? "" },
      { type: "merge", body: { metadata: { finalizers: ["foregroundDeletion"].filter((each) => held?.metadata.finalizers?.includes(each)) } } },
    );
    await gone(Kinds.ConfigMap, "owner");
  });

  it("in orphaning deletion leaves the dependents without their owner", async () => {
    const owner = await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "owner"));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "kept", [ownerOf(owner)]));
    await api.client.delete(Kinds.ConfigMap, { namespace: "default", name: "owner" }, { propagation: "Orphan" });
    await gone(Kinds.ConfigMap, "owner");
    assert.equal((await api.all(Kinds.Secret))[0]?.metadata.ownerReferences, undefined);
  });

  it("follows kinds whose definition comes later", async () => {
    await api.client.create(Kinds.CustomResourceDefinition, definition);
    await api.until(Kinds.CustomResourceDefinition, "widgets.example.com", (found) => JSON.stringify(found?.["status"]).includes("Established"));
    const owner = await api.client.create(Widget, object(Widget, "owner"));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "part", [ownerOf(owner)]));
    await api.client.delete(Widget, { namespace: "default", name: "owner" });
    await gone(Kinds.Secret, "part");
  });

  it("concludes nothing from an owner of a kind that is not served", async () => {
    const unknown = { apiVersion: "other.io/v1", kind: "Thing", name: "x", uid: "y" };
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "keep", [unknown]));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "drop", [{ apiVersion: "v1", kind: "ConfigMap", name: "never", uid: "no-such-uid" }]));
    await gone(Kinds.Secret, "drop");
    assert.deepEqual(
      (await api.all(Kinds.Secret)).map(({ metadata }) => metadata.name),
      ["keep"],
    );
  });

  it("empties a namespace, waits for finalizers, and lets it go", async () => {
    await api.client.create(Kinds.Namespace, object(Kinds.Namespace, "team"));
    await api.client.create(Kinds.ConfigMap, object(Kinds.ConfigMap, "plain", [], { namespace: "team" }));
    await api.client.create(Kinds.Secret, object(Kinds.Secret, "held", [], { namespace: "team", finalizers: ["example.com/hold"] }));
    await api.client.delete(Kinds.Namespace, { name: "team" });
    const waiting = await api.until(Kinds.Namespace, "team", (found) => JSON.stringify(found?.["status"] ?? {}).includes("SomeFinalizersRemain"));
    assert.match(JSON.stringify(waiting?.["status"]), /example.com\/hold in 1 resource instances/);
    await api.client.patch(Kinds.Secret, { namespace: "team", name: "held" }, { type: "merge", body: { metadata: { finalizers: null } } });
    await gone(Kinds.Namespace, "team");
    for (const kind of [Kinds.ConfigMap, Kinds.Secret, Kinds.ServiceAccount]) {
      assert.deepEqual((await api.client.list(kind, { namespace: "team" })).items, []);
    }
  });

  it("keeps a default ServiceAccount in every namespace", async () => {
    const account = await api.until(Kinds.ServiceAccount, "default", (found) => found?.metadata.namespace === "default");
    await api.client.delete(Kinds.ServiceAccount, { namespace: "default", name: "default" });
    await api.until(Kinds.ServiceAccount, "default", (found) => found?.metadata.namespace === "default" && found.metadata.uid !== account?.metadata.uid);
  });

  it("binds pods where there is room and tells the others why they wait", async () => {
    const status = { allocatable: { cpu: "2", memory: "1Gi", pods: "10" }, conditions: [{ type: "Ready", status: "True" }] };
    await api.client.create(Kinds.Node, object(Kinds.Node, "n"));
    await api.client.patch(Kinds.Node, { name: "n" }, { type: "merge", body: { status } }, { subresource: "status" });
    const pod = (name: string, cpu: string) =>
      api.client.create(Kinds.Pod, { ...object(Kinds.Pod, name), spec: { containers: [{ name: "c", image: "x", resources: { requests: { cpu } } }] } });
    await pod("first", "1500m");
    await api.until(Kinds.Pod, "first", (found) => (found?.["spec"] as { nodeName?: string }).nodeName === "n");
    await pod("second", "1");
    await pod("giant", "64");
    const reason = async (name: string) =>
      JSON.stringify((await api.until(Kinds.Pod, name, (found) => JSON.stringify(found).includes("Unschedulable")))?.["status"]);
    assert.match(await reason("second"), /0\/1 nodes are available: 1 Insufficient cpu/);
    assert.match(await reason("giant"), /asks for 64 CPUs and this machine gives 2/);
    await api.client.delete(Kinds.Pod, { namespace: "default", name: "first" }, { gracePeriodSeconds: 0 });
    await api.until(Kinds.Pod, "second", (found) => (found?.["spec"] as { nodeName?: string }).nodeName === "n");
  });

  it("deletes Events an hour after they last happened", async () => {
    const at = (ms: number) => new Date(Date.now() - ms).toISOString();
    stop.abort();
    await running;
    for (const [name, age] of Object.entries({ old: 3_700_000, new: 1_000 })) {
      const involvedObject = { kind: "Pod", namespace: "default", name: "x" };
      await api.client.create(Kinds.Event, { ...object(Kinds.Event, name), involvedObject, lastTimestamp: at(age) });
    }
    start();
    await gone(Kinds.Event, "old");
    assert.equal((await api.all(Kinds.Event)).length, 1);
  });
});
