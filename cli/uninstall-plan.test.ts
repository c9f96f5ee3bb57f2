import assert from "node:assert/strict";
import { type GitSync, GitSyncKind, ProjectKind, type Run, RunKind, TaskKind, type Trigger, TriggerKind } from "../crds/index.ts";
import { isNotFound, Kinds, type KindRef, type KubeObject } from "../kube/index.ts";
import { testCluster, type TestCluster } from "../test/support/test-cluster.ts";
import { settle } from "../test/support/virtual-clock.ts";
import { calm, deleteObjects, type Draining, endRuns, objectsOf, releaseObjects, stopPrograms } from "./uninstall-plan.ts";

const NAMESPACE = "ml-development";

describe("uninstalling", () => {
  let cluster: TestCluster;
  let said: string[];
  beforeEach(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    said = [];
  });
  afterEach(() => cluster.close());

  const draining = (ms: number): Draining => ({
    client: cluster.client,
    clock: cluster.clock,
    signal: new AbortController().signal,
    deadline: cluster.clock.now() + ms,
    say: (line) => void said.push(line),
  });
  async function make(kind: KindRef, name: string, spec: object, finalizers: readonly string[] = []): Promise<void> {
    const metadata = { name, ...(kind.namespaced ? { namespace: NAMESPACE } : {}), ...(finalizers.length > 0 ? { finalizers: [...finalizers] } : {}) };
    await cluster.client.create(kind, { apiVersion: "flyte.org/v1", kind: kind.kind, metadata, spec } as KubeObject);
  }
  const letGo = (kind: KindRef, name: string) =>
    cluster.client.patch(kind, { namespace: kind.namespaced ? NAMESPACE : undefined, name }, { type: "merge", body: { metadata: { finalizers: null } } });
  /** Lets virtual time go by until the work has ended. */
  async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const watched = work.finally(() => (ended = true));
    for (let rounds = 0; !ended && rounds < 500; rounds += 1) {
      await settle(20);
      await cluster.clock.advance(500);
    }
    return watched;
  }

  it("lets GitSyncs and Triggers rest, and takes that back for those it told to", async () => {
    await make(GitSyncKind, "main", { url: "https://git.example.com/a.git" });
    await make(GitSyncKind, "resting", { url: "https://git.example.com/b.git", suspend: true });
    await make(TriggerKind, "nightly", { run: { workflow: "w" }, onCommit: {} });
    const wake = await calm(draining(1_000));
    const sync = () => cluster.client.get<GitSync>(GitSyncKind, { namespace: NAMESPACE, name: "main" });
    const trigger = () => cluster.client.get<Trigger>(TriggerKind, { namespace: NAMESPACE, name: "nightly" });
    assert.deepEqual([(await sync()).spec.suspend, (await trigger()).spec.active], [true, false]);
    await wake();
    const resting = await cluster.client.get<GitSync>(GitSyncKind, { namespace: NAMESPACE, name: "resting" });
    assert.deepEqual([(await sync()).spec.suspend ?? false, (await trigger()).spec.active, resting.spec.suspend], [false, true, true]);
  });

  it("aborts unfinished Runs and waits until they have ended and nothing holds them", async () => {
    await make(RunKind, "going", { task: "t" }, ["flyte.org/archive"]);
    const ending = whileTimePasses(endRuns(draining(600_000)));
    await settle(50);
    const ref = { namespace: NAMESPACE, name: "going" };
    assert.equal((await cluster.client.get<Run>(RunKind, ref)).spec.desiredState, "Aborted");
    await cluster.client.patch(
      RunKind,
      ref,
      { type: "merge", body: { status: { phase: "Aborted", endTime: "2026-01-01T00:00:00Z" } } },
      { subresource: "status" },
    );
    await cluster.clock.advance(3_000);
    await letGo(RunKind, "going");
    assert.deepEqual(await ending, []);
  });

  it("names what has not ended in time", async () => {
    await make(RunKind, "stuck", { task: "t" });
    const left = await whileTimePasses(endRuns(draining(5_000)));
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      ["stuck"],
    );
  });

  it("deletes kind after kind, and goes on only when the controllers have let go of the last", async () => {
    await make(RunKind, "held", { task: "t" }, ["flyte.org/archive"]);
    await make(TaskKind, "t", { type: "container", container: { image: "busybox" } });
    await make(ProjectKind, "ml", { domains: ["development"] });
    const deleting = whileTimePasses(deleteObjects(draining(600_000)));
    await settle(100);
    assert.ok(await cluster.client.get(TaskKind, { namespace: NAMESPACE, name: "t" }));
    await letGo(RunKind, "held");
    assert.deepEqual(await deleting, []);
    assert.deepEqual(said, ["1 runs deleted", "1 tasks deleted", "1 projects deleted"]);
    await assert.rejects(cluster.client.get(ProjectKind, { name: "ml" }), isNotFound);
  });

  it("takes the programs for ended when their pods are gone, not when they are about to go", async () => {
    await cluster.client.create(Kinds.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: "flyteops-system" } });
    const pod = async (name: string, component: string) => {
      const labels = { "app.kubernetes.io/part-of": "flyteops", "app.kubernetes.io/component": component };
      const metadata = { name, namespace: "flyteops-system", labels, finalizers: ["example.com/ending"] };
      const spec = { containers: [{ name: "flyteops", image: "flyteops" }] };
      await cluster.client.create(Kinds.Pod, { apiVersion: "v1", kind: "Pod", metadata, spec } as KubeObject);
    };
    await pod("controller", "controller");
    await pod("this-one", "uninstall");
    const ref = { namespace: "flyteops-system", name: "controller" };
    await cluster.client.delete(Kinds.Pod, ref);
    const left = await whileTimePasses(stopPrograms(draining(5_000)));
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      ["controller"],
    );
    await cluster.client.patch(Kinds.Pod, ref, { type: "merge", body: { metadata: { finalizers: null } } });
    assert.deepEqual(await whileTimePasses(stopPrograms(draining(5_000))), []);
  });

  it("takes only its own finalizers off what stays", async () => {
    await make(ProjectKind, "ml", { domains: ["development"] }, ["flyte.org/project", "example.com/theirs"]);
    await releaseObjects(draining(1_000));
    const [project] = await objectsOf(cluster.client, ProjectKind);
    assert.deepEqual(project?.metadata.finalizers, ["example.com/theirs"]);
  });

  it("finds nothing where the kind itself is gone", async () => {
    const absent = { group: "flyte.org", version: "v1", kind: "Nothing", plural: "nothings", namespaced: true };
    assert.deepEqual(await objectsOf(cluster.client, absent), []);
  });
});
