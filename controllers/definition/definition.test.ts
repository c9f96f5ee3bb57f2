import assert from "node:assert/strict";
import { ANNOTATION } from "../../base/index.ts";
import { planKey } from "../../blobs/index.ts";
import { ProjectQuotaKind, type Task, TaskKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import { conditionOf, type Stored } from "../../kube/index.ts";
import { NAMESPACE, type RunRig, runRig } from "../../test/support/run-rig.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";

describe("the definition controllers", function () {
  this.timeout(20_000);

  let cluster: TestCluster;
  let rig: RunRig;
  beforeEach(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    rig = runRig(cluster, () => "running");
  });
  afterEach(async () => {
    await rig.stop();
    await cluster.close();
  });

  const workflow = (): Promise<Stored<Workflow>> => rig.client.get<Workflow>(WorkflowKind, { namespace: NAMESPACE, name: "wf" });
  const nodes = { a: { task: "step" }, b: { task: "step", inputs: { x: { from: "nodes.a.outputs.y" } } } };

  it("store the plan under its digest and name it", async () => {
    await rig.task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
    await rig.workflow("wf", { nodes });
    await rig.quiet();
    const { status } = await workflow();
    assert.deepEqual([status?.nodes, conditionOf(await workflow(), "Ready")?.status], [2, "True"]);
    const text = (await rig.blobs.read(planKey(status!.plan!.digest), 1 << 20)).toString();
    assert.equal((JSON.parse(text) as { root: string }).root, "wf");
  });

  it("show every problem with its field, and name no plan", async () => {
    await rig.workflow("wf", { nodes: { a: { task: "stpe" }, b: { sleep: "3s" } } });
    await rig.quiet();
    const wf = await workflow();
    assert.deepEqual(
      wf.status?.problems?.map(({ path, code }) => [path, code]),
      [
        ["spec.nodes.b.sleep", "NotImplemented"],
        ["spec.nodes.a.task", "TaskUnknown"],
      ],
    );
    assert.equal(wf.status?.plan, undefined);
    assert.deepEqual([conditionOf(wf, "Ready")?.reason, conditionOf(wf, "Stalled")?.status], ["TaskUnknown", "True"]);
  });

  it("refuse a task above the limits of its namespace, and take it back when they are raised", async () => {
    await rig.task("step", {}, {});
    const ref = { namespace: NAMESPACE, name: "step" };
    await rig.client.patch(TaskKind, ref, { type: "merge", body: { spec: { container: { resources: { requests: { memory: "8Gi" } } } } } });
    await rig.workflow("wf", { nodes: { a: { task: "step" } } });
    const limits = (memory: string) =>
      rig.client.patch(
        ProjectQuotaKind,
        { namespace: NAMESPACE, name: "default" },
        { type: "apply", body: { apiVersion: "flyte.org/v1", kind: "ProjectQuota", metadata: { name: "default" }, spec: { taskLimits: { memory } } } },
      );
    await limits("4Gi");
    await rig.quiet();
    const step = () => rig.client.get<Task>(TaskKind, ref);
    assert.deepEqual(
      (await step()).status?.problems?.map(({ path, code }) => [path, code]),
      [["spec.container.resources.requests.memory", "ResourceLimitExceeded"]],
    );
    assert.equal(conditionOf(await workflow(), "Ready")?.reason, "TaskInvalid");
    await limits("8Gi");
    await rig.quiet();
    assert.deepEqual([conditionOf(await step(), "Ready")?.status, conditionOf(await workflow(), "Ready")?.status], ["True", "True"]);
  });

  it("compile again when a task that is named appears, changes or goes", async () => {
    await rig.workflow("wf", { nodes });
    await rig.quiet();
    assert.equal(conditionOf(await workflow(), "Ready")?.status, "False");
    await rig.task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
    await rig.quiet();
    const first = (await workflow()).status?.plan?.digest;
    assert.ok(first);
    const ref = { namespace: NAMESPACE, name: "step" };
    await rig.client.patch(TaskKind, ref, { type: "merge", body: { spec: { container: { args: ["--fast"] } } } });
    await rig.quiet();
    const second = (await workflow()).status?.plan?.digest;
    assert.ok(second && second !== first);
    await rig.client.delete(TaskKind, ref);
    await rig.quiet();
    assert.equal((await workflow()).status?.plan, undefined);
  });

  it("name the revision of the task that changed, not that of the workflow that stayed", async () => {
    const stamp = async (kind: typeof TaskKind | typeof WorkflowKind, name: string, letter: string, spec: object) => {
      const body = { metadata: { annotations: { [ANNOTATION.revision]: `main@sha1:${letter.repeat(40)}` } }, spec };
      await rig.client.patch(kind, { namespace: NAMESPACE, name }, { type: "merge", body });
      await rig.quiet();
    };
    await rig.task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
    await rig.workflow("wf", { nodes });
    await stamp(TaskKind, "step", "a", {});
    await stamp(WorkflowKind, "wf", "a", { maxParallelism: 7 });
    await stamp(TaskKind, "step", "b", { container: { args: ["--fast"] } });
    assert.equal((await workflow()).status?.plan?.revision, `main@sha1:${"b".repeat(40)}`);
  });

  it("say that code has no digest", async () => {
    await rig.task("step", {}, {}, { code: { path: "src/" } });
    await rig.quiet();
    const ref = { namespace: NAMESPACE, name: "step" };
    const task = () => rig.client.get<Task>(TaskKind, ref);
    assert.equal(conditionOf(await task(), "CodeUnresolved")?.status, "True");
    await rig.client.patch(TaskKind, ref, { type: "merge", body: { spec: { code: { digest: `sha256:${"0".repeat(64)}` } } } });
    await rig.quiet();
    assert.equal(conditionOf(await task(), "CodeUnresolved")?.status, "False");
  });

  it("write nothing when nothing has changed", async () => {
    await rig.task("step", {}, {});
    await rig.quiet();
    const before = (await rig.client.get<Task>(TaskKind, { namespace: NAMESPACE, name: "step" })).metadata.resourceVersion;
    await rig.restart();
    await rig.quiet();
    assert.equal((await rig.client.get<Task>(TaskKind, { namespace: NAMESPACE, name: "step" })).metadata.resourceVersion, before);
  });
});
