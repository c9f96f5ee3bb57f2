import assert from "node:assert/strict";
import { ANNOTATION, LABEL, seededRandom, silentLogger } from "../../base/index.ts";
import { type Project, ProjectKind, RunKind } from "../../crds/index.ts";
import { conditionOf, informerSet, isNotFound, Kinds, type KubeObject } from "../../kube/index.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";
import { settle } from "../../test/support/virtual-clock.ts";
import { projectController } from "./index.ts";

const project = (name: string, spec: Partial<Project["spec"]> = {}): KubeObject => ({
  apiVersion: "flyte.org/v1",
  kind: "Project",
  metadata: { name },
  spec: { domains: ["development"], ...spec },
});

describe("the project controller", () => {
  let cluster: TestCluster;
  let stop: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    cluster = await testCluster();
    stop = new AbortController();
    const deps = { clock: cluster.clock, random: seededRandom(3), logger: silentLogger };
    const informers = informerSet({ ...deps, client: cluster.client });
    running = Promise.all([informers.run(stop.signal), projectController({ ...deps, informers }).run(stop.signal)]);
    await settle(50);
  });
  afterEach(async () => {
    stop.abort();
    await cluster.clock.advance(1);
    await running;
    await cluster.close();
  });

  const ready = async (name: string) => conditionOf(await cluster.client.get<Project>(ProjectKind, { name }), "Ready");
  const namespace = (name: string) => cluster.client.get(Kinds.Namespace, { name });
  const create = async (object: KubeObject) => {
    await cluster.client.create(ProjectKind, object);
    await settle(200);
  };

  it("makes one namespace per domain, labelled and without an owner", async () => {
    await create(project("ml", { domains: ["development", "production"] }));
    assert.equal((await ready("ml"))?.status, "True");
    for (const domain of ["development", "production"]) {
      const { metadata } = await namespace(`ml-${domain}`);
      assert.equal(metadata.labels?.[LABEL.project], "ml");
      assert.equal(metadata.labels?.[LABEL.domain], domain);
      assert.equal(metadata.ownerReferences, undefined);
    }
    assert.ok(await cluster.client.get(Kinds.ServiceAccount, { namespace: "ml-production", name: "ml-sync" }));
  });

  it("never adopts a namespace that is somebody else's, until that namespace says so", async () => {
    await cluster.client.create(Kinds.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: "ml-development" } });
    await create(project("ml"));
    assert.equal((await ready("ml"))?.reason, "NamespaceTaken");
    assert.equal((await namespace("ml-development")).metadata.labels?.[LABEL.projectUid], undefined);

    const body = { metadata: { annotations: { [ANNOTATION.adopt]: "ml" } } };
    await cluster.client.patch(Kinds.Namespace, { name: "ml-development" }, { type: "merge", body });
    await cluster.client.patch(ProjectKind, { name: "ml" }, { type: "merge", body: { spec: { displayName: "again" } } });
    await settle(200);
    assert.equal((await ready("ml"))?.status, "True");
  });

  it("repairs what was changed in a namespace it owns", async () => {
    await create(project("ml"));
    await cluster.client.patch(Kinds.Namespace, { name: "ml-development" }, { type: "merge", body: { metadata: { labels: { [LABEL.domain]: "wrong" } } } });
    await settle(200);
    assert.equal((await namespace("ml-development")).metadata.labels?.[LABEL.domain], "development");
  });

  it("keeps the namespace of a deleted project, marked as released and without its roles", async () => {
    await create(project("ml"));
    await cluster.client.delete(ProjectKind, { name: "ml" });
    await settle(200);
    await assert.rejects(cluster.client.get(ProjectKind, { name: "ml" }), isNotFound);
    assert.equal((await namespace("ml-development")).metadata.labels?.[LABEL.released], "true");
    await assert.rejects(cluster.client.get(Kinds.RoleBinding, { namespace: "ml-development", name: "flyte-sync" }), isNotFound);
  });

  it("deletes the namespace with deletionPolicy Delete, but not under an unfinished Run", async () => {
    await create(project("ml", { deletionPolicy: "Delete" }));
    const run = { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name: "r", namespace: "ml-development" }, spec: { task: "t" } };
    await cluster.client.create(RunKind, run);
    await cluster.client.delete(ProjectKind, { name: "ml" });
    await settle(200);
    assert.equal((await namespace("ml-development")).metadata.deletionTimestamp, undefined);

    await cluster.client.patch(
      RunKind,
      { namespace: "ml-development", name: "r" },
      { type: "merge", body: { status: { phase: "Succeeded", endTime: "2026-01-01T00:00:00Z" } } },
      { subresource: "status" },
    );
    await cluster.clock.advance(6_000);
    await settle(200);
    const left = await namespace("ml-development").catch((thrown: unknown) => (isNotFound(thrown) ? undefined : assert.fail(String(thrown))));
    assert.ok(left === undefined || left.metadata.deletionTimestamp !== undefined);
    await assert.rejects(cluster.client.get(ProjectKind, { name: "ml" }), isNotFound);
  });
});
