import assert from "node:assert/strict";
import { type Task, type TaskAction, TaskKind } from "../../crds/index.ts";
import { conditionOf } from "../../kube/index.ts";
import { loadLiteral } from "../../values/index.ts";
import { type ActionScript, NAMESPACE, type RunRig, runRig } from "../../test/support/run-rig.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";

describe("a run", function () {
  this.timeout(20_000);

  let cluster: TestCluster;
  let rig: RunRig;
  let script: (action: TaskAction) => ActionScript;

  beforeEach(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    script = () => ({ outputs: { y: 7 } });
    rig = runRig(cluster, (action) => script(action));
    await rig.task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
  });
  afterEach(async () => {
    await rig.stop();
    await cluster.close();
  });

  const names = async () => (await rig.actions()).map(({ spec }) => spec.node).sort();

  it("goes from a workflow to actions, values and outputs", async () => {
    await rig.workflow("wf", {
      inputs: { n: "integer" },
      outputs: { end: { type: "integer", from: "nodes.b.outputs.y" } },
      nodes: { a: { task: "step", inputs: { x: { expr: "inputs.n * 2" } } }, b: { task: "step", inputs: { x: { from: "nodes.a.outputs.y" } } } },
    });
    await rig.run("r1", { workflow: "wf", inputs: { n: 21 } });
    await rig.quiet();
    const status = await rig.status("r1");
    assert.deepEqual([status.phase, status.done, status.of], ["Succeeded", "2/2", "wf"], JSON.stringify(status));
    assert.deepEqual(status.outputs?.preview, { end: 7 });
    assert.deepEqual(await rig.inputs("r1-a"), { x: 42 });
    assert.deepEqual(await rig.inputs("r1-b"), { x: 7 });
    assert.deepEqual((await rig.get("r1")).metadata.finalizers ?? [], []);
    assert.equal(conditionOf(await rig.get("r1"), "Ready")?.status, "True");
  });

  it("runs a task by itself", async () => {
    await rig.run("r1", { task: "step", inputs: { x: 3 } });
    await rig.quiet();
    assert.deepEqual([(await rig.status("r1")).phase, await names()], ["Succeeded", ["a0"]]);
  });

  it("maps over a list and gathers a list", async () => {
    await rig.workflow("wf", {
      inputs: { xs: "list<integer>" },
      outputs: { ys: { type: "list<integer>", from: "nodes.m.outputs.y" } },
      nodes: { m: { task: "step", map: { over: { x: { from: "inputs.xs" } } } } },
    });
    await rig.run("r1", { workflow: "wf", inputs: { xs: [1, 2, 3] } });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Succeeded");
    assert.deepEqual(await rig.inputs("r1-m"), { x: [1, 2, 3] });
    const { ys } = await rig.outputs("r1");
    assert.equal(ys?.value.case === "collection" && ys.value.value.literals.length, 3);
  });

  it("maps over a directory, by relative path", async () => {
    await rig.task("read", { f: "file" }, { y: "integer" });
    await rig.workflow("wf", {
      inputs: { d: "directory" },
      nodes: { m: { task: "read", map: { over: { f: { from: "inputs.d" } } } } },
    });
    const digest = "0".repeat(64);
    for (const path of ["b.csv", "a/x.csv"]) await rig.blobs.write(`trees/${digest}/${path}`, path);
    await rig.run("r1", { workflow: "wf", inputs: { d: { directory: "data/", digest: `sha256:${digest}` } } });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Succeeded", JSON.stringify(await rig.status("r1")));
    const [action] = await rig.actions();
    assert.deepEqual(action?.spec.map, { count: 2, over: ["f"], failed: "Keep" });
  });

  it("cuts a long map into slices and joins their outputs", async () => {
    await rig.workflow("wf", {
      outputs: { ys: { type: "list<integer>", from: "nodes.m.outputs.y" } },
      nodes: { m: { task: "step", map: { over: { x: { expr: "range(9000)" } } } } },
    });
    await rig.run("r1", { workflow: "wf" });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Succeeded", JSON.stringify(await rig.status("r1")));
    assert.deepEqual((await rig.actions()).map(({ spec }) => spec.map?.count).sort(), [808, 8192]); // prettier-ignore
    const { ys } = await rig.outputs("r1");
    const { value } = await loadLiteral(ys!, (uri) => rig.blobs.read(rig.blobs.keyOf(uri)!, 1 << 20));
    assert.equal(value.case === "collection" && value.value.literals.length, 9_000);
  });

  it("goes on where it was after a restart, reading again what it had only in memory", async () => {
    await rig.workflow("wf", {
      inputs: { n: "integer" },
      nodes: { a: { task: "step", inputs: { x: { expr: "inputs.n + 1" } } }, b: { task: "step", inputs: { x: { expr: "nodes.a.outputs.y * inputs.n" } } } },
    });
    let held = true;
    script = () => (held ? "running" : { outputs: { y: 7 } });
    await rig.run("r1", { workflow: "wf", inputs: { n: 2 } });
    await rig.quiet();
    await rig.restart();
    held = false;
    await rig.quiet();
    assert.deepEqual([(await rig.status("r1")).phase, await rig.inputs("r1-b")], ["Succeeded", { x: 14 }]);
    assert.deepEqual([...rig.executed.keys()].sort(), ["r1-a", "r1-b"]);
  });

  it("takes a name back from an action that an earlier run left behind", async () => {
    script = () => "running";
    await rig.run("r1", { task: "step" });
    await rig.quiet();
    const [left] = await rig.actions();
    const runs = { group: "flyte.org", version: "v1", kind: "Run", plural: "runs", namespaced: true };
    await rig.client.delete(runs, { namespace: NAMESPACE, name: "r1" });
    await rig.quiet();
    script = () => ({ outputs: { y: 1 } });
    await rig.run("r1", { task: "step" });
    await rig.quiet(10_000);
    const [made] = await rig.actions();
    assert.notEqual(made?.metadata.uid, left?.metadata.uid);
    assert.equal((await rig.status("r1")).phase, "Succeeded");
  });

  it("tells the failure node what failed, and ends Failed with that error", async () => {
    await rig.task("tell", { node: "string", message: "string" }, {});
    await rig.workflow("wf", {
      nodes: { a: { task: "step" }, b: { task: "step" } },
      onFailure: { task: "tell", inputs: { node: { from: "run.error.node" }, message: { from: "run.error.message" } } },
    });
    script = ({ spec }) => (spec.node === "a" ? { error: { code: "ExitCode", message: "the program exited with 7" } } : spec.node === "b" ? "running" : {});
    await rig.run("r1", { workflow: "wf" });
    await rig.quiet();
    const status = await rig.status("r1");
    assert.deepEqual([status.phase, status.error?.node, status.error?.code], ["Failed", "a", "ExitCode"]);
    const tell = (await rig.actions()).find(({ spec }) => spec.node === "onFailure")!;
    assert.deepEqual(await rig.inputs(tell.metadata.name), { node: "a", message: "the program exited with 7" });
    assert.equal((await rig.actions()).find(({ spec }) => spec.node === "b")?.status?.phase, "Aborted");
  });

  it("fails a run whose inputs are wrong, before any action, with every problem", async () => {
    await rig.workflow("wf", {
      inputs: { n: "integer", s: "string" },
      nodes: { a: { task: "step", inputs: { x: { from: "inputs.n" } } }, b: { task: "step", after: ["a"] } },
    });
    await rig.run("r1", { workflow: "wf", inputs: { n: "many", t: 1 } });
    await rig.quiet();
    const { phase, error } = await rig.status("r1");
    assert.deepEqual([phase, error?.code, await names()], ["Failed", "InvalidInput", []]);
    for (const word of [/there is no input t/, /input n:/, /input s \(string\) is not given/]) assert.match(error?.message ?? "", word);
  });

  it("fails with UnresolvedFile when a file came without a digest", async () => {
    await rig.task("read", { f: "file<csv>" }, {});
    await rig.run("r1", { task: "read", inputs: { f: { file: "data/x.csv" } } });
    await rig.quiet();
    assert.equal((await rig.status("r1")).error?.code, "UnresolvedFile");
  });

  it("fails with CodeUnresolved before an action is made", async () => {
    await rig.task("coded", {}, {}, { code: { path: "src/" } });
    await rig.run("r1", { task: "coded" });
    await rig.quiet();
    assert.deepEqual([(await rig.status("r1")).error?.code, await names()], ["CodeUnresolved", []]);
  });

  it("refuses what does not work yet", async () => {
    await rig.run("r1", { task: "step", reuse: { run: "r0" } });
    await rig.quiet();
    const { error } = await rig.status("r1");
    assert.deepEqual(error?.code, "NotImplemented");
    assert.match(error?.message ?? "", /spec.reuse: reuse does not work yet/);
  });

  it("waits for a definition that is not there yet, and for one that is wrong to be corrected", async () => {
    await rig.run("r1", { workflow: "later" });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Waiting");
    assert.match(conditionOf(await rig.get("r1"), "Ready")?.message ?? "", /Workflow later, which does not exist/);
    await rig.workflow("later", { nodes: { a: { task: "step" } } });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Succeeded");
  });

  it("waits for the definition that was applied together with it", async () => {
    await rig.run("r1", { task: "step" }, { annotations: { "flyte.org/expects": `sha256:${"0".repeat(64)}` } });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Waiting");
  });

  it("takes the plan it expects although the definition has moved on, but never one of another definition", async () => {
    await rig.task("other", {}, {}, { timeout: "9m" });
    await rig.quiet();
    const digestOf = async (name: string) => (await rig.client.get<Task>(TaskKind, { namespace: NAMESPACE, name })).status?.plan?.digest ?? "";
    const [first, stranger] = [await digestOf("step"), await digestOf("other")];
    await rig.client.patch(TaskKind, { namespace: NAMESPACE, name: "step" }, { type: "merge", body: { spec: { timeout: "5m" } } });
    await rig.quiet();
    assert.notEqual(await digestOf("step"), first);
    await rig.run("r1", { task: "step" }, { annotations: { "flyte.org/expects": first } });
    await rig.run("r2", { task: "step" }, { annotations: { "flyte.org/expects": stranger } });
    await rig.quiet();
    assert.equal((await rig.get("r1")).status?.plan?.digest, first);
    assert.equal((await rig.get("r2")).status?.phase, "Waiting");
  });

  it("takes workflow, inputs and overrides from a Trigger, as they were when it was taken up", async () => {
    const triggers = { group: "flyte.org", version: "v1", kind: "Trigger", plural: "triggers", namespaced: true };
    const spec = { run: { task: "step", fixedInputs: { x: 5 }, overrides: { nodes: { a0: { retries: { limit: 4 } } } } }, defaultInputs: {} };
    script = () => "running";
    await rig.apply(triggers, { apiVersion: "flyte.org/v1", kind: "Trigger", metadata: { name: "t", namespace: NAMESPACE }, spec });
    await rig.quiet();
    await rig.run("r1", { trigger: "t" });
    await rig.quiet();
    await rig.client.patch(triggers, { namespace: NAMESPACE, name: "t" }, { type: "merge", body: { spec: { run: { fixedInputs: { x: 6 } } } } });
    script = () => ({ outputs: { y: 1 } });
    await rig.run("r2", { trigger: "t", inputs: { x: 9 } });
    await rig.quiet();
    assert.deepEqual([(await rig.status("r1")).phase, await rig.inputs("r1-a0")], ["Succeeded", { x: 5 }]);
    assert.equal((await rig.actions())[0]?.spec.policy?.retries.limit, 4);
    assert.equal((await rig.status("r2")).error?.code, "InputFixed");
  });

  it("aborts: stops actions, waits until they have ended, starts nothing more", async () => {
    await rig.workflow("wf", { nodes: { a: { task: "step" }, b: { task: "step", after: ["a"] } }, onFailure: { task: "step" } });
    script = () => "running";
    await rig.run("r1", { workflow: "wf" });
    await rig.quiet();
    await rig.patch("r1", { desiredState: "Aborted", abortReason: "wrong data" });
    await rig.quiet();
    const [action] = await rig.actions();
    assert.deepEqual([(await rig.status("r1")).phase, await names(), action?.spec.abortReason], ["Aborted", ["a"], "wrong data"]);
  });

  it("times out: stops, runs the failure node, ends TimedOut", async () => {
    await rig.workflow("wf", { timeout: "1m", nodes: { a: { task: "step" } }, onFailure: { task: "step" } });
    script = ({ spec }) => (spec.node === "a" ? "running" : { outputs: { y: 1 } });
    await rig.run("r1", { workflow: "wf" });
    await rig.quiet(120_000);
    const status = await rig.status("r1");
    assert.deepEqual([status.phase, status.error?.code, await names()], ["TimedOut", "TimedOut", ["a", "onFailure"]]);
  });

  it("starts nothing while suspended, and goes on afterwards", async () => {
    await rig.run("r1", { task: "step", suspend: true });
    await rig.quiet();
    assert.deepEqual(await names(), []);
    assert.equal(conditionOf(await rig.get("r1"), "Suspended")?.status, "True");
    await rig.patch("r1", { suspend: false });
    await rig.quiet();
    assert.equal((await rig.status("r1")).phase, "Succeeded");
  });

  it("queues runs beyond the namespace's quota, oldest first, and keeps to its limit of actions", async () => {
    await rig.apply(
      { group: "flyte.org", version: "v1", kind: "ProjectQuota", plural: "projectquotas", namespaced: true },
      {
        apiVersion: "flyte.org/v1",
        kind: "ProjectQuota",
        metadata: { name: "default", namespace: NAMESPACE },
        spec: { runs: { maxConcurrent: 1 }, actions: { maxConcurrent: 2 } },
      },
    );
    await rig.workflow("wf", { nodes: { a: { task: "step" }, b: { task: "step" }, c: { task: "step" } } });
    let held = true;
    script = () => (held ? "running" : { outputs: { y: 1 } });
    await rig.quiet();
    await rig.run("r1", { workflow: "wf" });
    await rig.run("r2", { workflow: "wf" });
    await rig.quiet();
    assert.deepEqual([(await rig.status("r1")).phase, (await rig.status("r2")).phase, (await rig.actions()).length], ["Running", "Queued", 2]);
    held = false;
    await rig.quiet();
    assert.deepEqual([(await rig.status("r1")).phase, (await rig.status("r2")).phase, (await rig.actions()).length], ["Succeeded", "Succeeded", 6]);
  });

  it("stops its actions before it lets itself be deleted", async () => {
    script = () => "running";
    await rig.run("r1", { task: "step" });
    await rig.quiet();
    await rig.client.delete({ group: "flyte.org", version: "v1", kind: "Run", plural: "runs", namespaced: true }, { namespace: NAMESPACE, name: "r1" });
    assert.ok((await rig.get("r1")).metadata.deletionTimestamp);
    await rig.quiet();
    await assert.rejects(rig.get("r1"));
    assert.deepEqual((await rig.actions()).map(({ status }) => status?.phase), ["Aborted"]); // prettier-ignore
  });

  it("is deleted when its ttl is over, unless it is from git", async () => {
    await rig.run("r1", { task: "step", ttl: "1h" });
    await rig.run("r2", { task: "step", ttl: "1h" }, { labels: { "flyte.org/sync-uid": "u" } });
    await rig.quiet();
    assert.equal((await rig.actions()).length, 2);
    await rig.quiet(7_200_000);
    await assert.rejects(rig.get("r1"));
    assert.equal((await rig.status("r2")).phase, "Succeeded");
    assert.deepEqual((await rig.actions()).filter(({ spec }) => spec.runName === "r2"), []); // prettier-ignore
  });

  it("merges overrides key by key: task, node, run", async () => {
    await rig.task(
      "big",
      {},
      {},
      {
        container: {
          image: "busybox",
          command: ["true"],
          env: [
            { name: "A", value: "task" },
            { name: "B", value: "task" },
          ],
          resources: { requests: { cpu: "1", memory: "1Gi" } },
        },
        retries: { limit: 1, onExit: { fail: [64] } },
        timeout: "1m",
      },
    );
    await rig.workflow("wf", {
      nodes: { n: { task: "big", retries: { limit: 2 }, timeout: "2m", overrides: { resources: { requests: { cpu: "2" } }, env: { B: "node" } } } },
    });
    await rig.run("r1", { workflow: "wf", overrides: { nodes: { n: { retries: { limit: 5 }, env: { C: "run" } } } } });
    await rig.quiet();
    const [action] = await rig.actions();
    assert.deepEqual(action?.spec.policy?.retries.limit, 5);
    assert.deepEqual([action?.spec.policy?.retries.onExit.fail, action?.spec.policy?.timeout], [[64], "120000ms"]);
  });
});
