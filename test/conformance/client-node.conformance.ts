import assert from "node:assert/strict";
import type { CoreV1Api, CustomObjectsApi, KubeConfig, KubernetesObject } from "@kubernetes/client-node";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

const GROUP = { group: "conformance.flyteops.dev", version: "v1", plural: "gadgets" };

describe("conformance: @kubernetes/client-node", function () {
  this.timeout(30_000);
  const cluster = useCluster();

  async function clients(): Promise<{ config: KubeConfig; core: CoreV1Api; custom: CustomObjectsApi }> {
    const library = await import("@kubernetes/client-node");
    const config = new library.KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    return { config, core: config.makeApiClient(library.CoreV1Api), custom: config.makeApiClient(library.CustomObjectsApi) };
  }

  it("creates, reads, lists and deletes built-in objects", async () => {
    const { core } = await clients();
    const { namespace } = cluster;
    const created = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "typed" }, data: { a: "1" } } });
    assert.ok(created.metadata?.creationTimestamp instanceof Date);
    assert.deepEqual((await core.readNamespacedConfigMap({ namespace, name: "typed" })).data, { a: "1" });
    assert.ok((await core.listNamespacedConfigMap({ namespace })).items.some((item) => item.metadata?.name === "typed"));
    await core.deleteNamespacedConfigMap({ namespace, name: "typed" });
    await assert.rejects(core.readNamespacedConfigMap({ namespace, name: "typed" }), (thrown: { code?: number }) => thrown.code === 404);
  });

  it("works with custom objects", async () => {
    const { custom } = await clients();
    const { namespace } = cluster;
    await custom.createNamespacedCustomObject({ ...GROUP, namespace, body: gadget("custom", { size: 1 }) });
    const read = (await custom.getNamespacedCustomObject({ ...GROUP, namespace, name: "custom" })) as { spec: { size: number; color: string } };
    assert.deepEqual([read.spec.size, read.spec.color], [1, "red"]);
  });

  it("works with objects of any kind, which it finds by discovery", async () => {
    const library = await import("@kubernetes/client-node");
    const { config } = await clients();
    const objects = library.KubernetesObjectApi.makeApiClient(config);
    const metadata = { name: "anything", namespace: cluster.namespace };
    for (const type of [
      { apiVersion: "v1", kind: "ConfigMap" },
      { apiVersion: "conformance.flyteops.dev/v1", kind: "Gadget", spec: {} },
    ]) {
      await objects.create({ ...type, metadata });
      const patched = await objects.patch(
        { ...type, metadata: { ...metadata, labels: { a: "b" } } },
        undefined,
        undefined,
        "one",
        true,
        library.PatchStrategy.ServerSideApply,
      );
      assert.deepEqual(patched.metadata?.labels, { a: "b" });
      assert.equal((await objects.list(type.apiVersion, type.kind, cluster.namespace, undefined, undefined, undefined, undefined, "a=b")).items.length, 1);
      await objects.delete({ ...type, metadata });
      await assert.rejects(objects.read({ ...type, metadata }), (thrown: { code?: number }) => thrown.code === 404);
    }
  });

  it("follows a watch", async () => {
    const library = await import("@kubernetes/client-node");
    const { config } = await clients();
    const seen: string[] = [];
    const finished = new Promise<void>((resolve, reject) => {
      new library.Watch(config)
        .watch(
          cluster.gadgets,
          { fieldSelector: "metadata.name=followed" },
          (phase: string, object: KubernetesObject) => {
            seen.push(`${phase} ${object.metadata?.name ?? ""}`);
            if (phase === "DELETED") resolve();
          },
          (problem: unknown) => (problem ? reject(problem as Error) : resolve()),
        )
        .then(async (controller) => {
          ok(await cluster.api.create(cluster.gadgets, gadget("followed")));
          ok(await cluster.api.delete(`${cluster.gadgets}/followed`));
          await finished;
          controller.abort();
        })
        .catch(reject);
    });
    await finished;
    assert.deepEqual(seen, ["ADDED followed", "DELETED followed"]);
  });
});
