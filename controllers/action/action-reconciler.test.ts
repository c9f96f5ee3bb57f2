import assert from "node:assert/strict";
import { LABEL } from "../../base/index.ts";
import { type ProjectQuota, ProjectQuotaKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { conditionOf, isTrue, Kinds, type KubeObject } from "../../kube/index.ts";
import { fromBinary, LiteralMapSchema } from "../../proto/index.ts";
import { floatLiteral, integerLiteral, listLiteral, literalToJson, stringLiteral } from "../../values/index.ts";
import { actionManifest, type ActionRig, actionRig, NAMESPACE, policy } from "../../test/support/action-rig.ts";
import { interfaceOfTypes, recipe } from "../../test/support/build-context.ts";
import type { PodScript, ScriptedPod } from "../../test/support/fake-kubelet.ts";
import { type TestCluster, testCluster } from "../../test/support/test-cluster.ts";

const loss = { outputs: { loss: floatLiteral(0.5) } };
interface PodObject extends KubeObject {
  spec: { containers: { args?: string[]; resources: { limits?: Record<string, string> } }[]; activeDeadlineSeconds?: number };
}

describe("running actions", () => {
  let cluster: TestCluster;
  let rig: ActionRig;
  before(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
  });
  after(() => cluster.close());
  afterEach(() => rig.clear());

  const start = (script: (pod: ScriptedPod) => PodScript): ActionRig => (rig = actionRig(cluster, script));
  const status = async () => (await rig.action()).status ?? {};
  const pods = async () => (await cluster.client.list<PodObject>(Kinds.Pod, { labelSelector: LABEL.managed })).items;
  const patchSpec = async (body: object) => {
    const { metadata } = await rig.action();
    await cluster.client.patch<TaskAction>(TaskActionKind, metadata, { type: "merge", body: { spec: body } });
  };

  it("takes seven calls for an attempt that succeeds, three of them status writes", async () => {
    start(() => loss);
    await rig.create(actionManifest("train"));
    await rig.quiet();
    const words = rig.line().calls.map((call) =>
      call
        .split(" ")
        .slice(0, 2)
        .join(" ")
        .replace(/ runs.*/, ""),
    );
    assert.deepEqual(words, ["create Pod", "patch TaskAction/status", "patch TaskAction/status", "read", "commit", "patch TaskAction/status", "patch Pod"]);
  });

  it("writes nothing when a finished action is looked at again, after a restart too", async () => {
    start(() => loss);
    await rig.create(actionManifest("train"));
    await rig.quiet();
    await rig.restart();
    await rig.quiet();
    assert.deepEqual(rig.line().calls, []);
  });

  it("waits between attempts as the policy says", async () => {
    const retries = { ...policy({ limit: 2 }).retries, backoff: { duration: "30s", factor: 2, cap: "1h" } };
    start(({ attempt }) => (attempt < 2 ? { exit: 75 } : loss));
    await rig.create(actionManifest("train", { policy: { ...policy(), retries } }));
    await rig.quiet(20_000);
    assert.equal((await status()).phase, "Queued");
    assert.ok((await status()).nextAttemptAt !== undefined);
    await rig.quiet(15_000);
    assert.equal((await status()).attempts, 3);
    await rig.quiet(80_000);
    assert.deepEqual([(await status()).phase, (await status()).userFailures], ["Succeeded", 2]);
  });

  it("keeps the pod of every attempt for its log, and holds none back", async () => {
    start(({ attempt }) => (attempt === 0 ? { exit: 1 } : loss));
    await rig.create(actionManifest("train", { policy: policy({ limit: 1 }) }));
    await rig.quiet();
    const left = await pods();
    assert.deepEqual(left.map(({ metadata }) => metadata.name).sort(), ["iris-x7-train-0", "iris-x7-train-1"]);
    assert.ok(left.every(({ metadata }) => (metadata.finalizers ?? []).length === 0));
  });

  it("says what failed: exit code, last output, the line for people", async () => {
    start(() => ({ exit: 7, message: "Traceback\nValueError: no rows" }));
    await rig.create(actionManifest("train"));
    await rig.quiet();
    const { phase, errorState, exitCode } = await status();
    assert.equal(phase, "Failed");
    assert.deepEqual(errorState, { code: "ExitCode", kind: "USER", message: "the program exited with 7\nTraceback\nValueError: no rows" });
    assert.equal(exitCode, 7);
    assert.ok(isTrue(await rig.action(), "Stalled"));
    assert.ok(isTrue(await rig.action(), "Failed"));
  });

  it("does not spend the user's retries on preemptions", async () => {
    start(({ attempt }) => (attempt < 3 ? { preempted: true } : loss));
    await rig.create(actionManifest("train"));
    await rig.quiet();
    const { phase, preemptions, userFailures, attempts } = await status();
    assert.deepEqual([phase, preemptions, userFailures, attempts], ["Succeeded", 3, 0, 4]);
  });

  it("answers a kill for memory with more memory, as long as that may grow", async () => {
    const retries = { ...policy().retries, onOOM: { memoryFactor: 2, maxMemory: "1Gi" } };
    start(({ attempt }) => (attempt < 2 ? { oom: true } : loss));
    await rig.create(actionManifest("train", { policy: { ...policy(), retries } }, recipe({ container: { limits: { memory: "256Mi" } } })));
    await rig.quiet();
    assert.equal((await status()).phase, "Succeeded");
    const limits = (await pods()).map(({ spec }) => spec.containers[0]?.resources.limits?.["memory"]);
    assert.deepEqual(limits.sort(), ["1Gi", "256Mi", "512Mi"]);
  });

  it("gives up on memory at its ceiling", async () => {
    const retries = { ...policy().retries, onOOM: { memoryFactor: 2, maxMemory: "512Mi" } };
    start(() => ({ oom: true }));
    await rig.create(actionManifest("train", { policy: { ...policy(), retries } }, recipe({ container: { limits: { memory: "256Mi" } } })));
    await rig.quiet();
    assert.deepEqual([(await status()).phase, (await status()).errorState?.code, (await status()).attempts], ["Failed", "OOMKilled", 2]);
  });

  it("stops an attempt that runs longer than its timeout, and says so", async () => {
    start(() => ({ hangs: true }));
    await rig.create(actionManifest("train", { policy: policy({}, { timeout: "60s" }) }));
    await rig.quiet(30_000);
    assert.equal((await status()).phase, "Running");
    await rig.quiet(60_000);
    assert.deepEqual([(await status()).phase, (await status()).errorState?.code], ["TimedOut", "Timeout"]);
  });

  it("calls it the timeout also when the node of an attempt that took too long does not say that it has stopped it", async () => {
    start(() => ({ hangs: true, silent: true }));
    await rig.create(actionManifest("train", { policy: policy({}, { timeout: "60s" }) }));
    await rig.quiet(240_000);
    assert.deepEqual([(await status()).phase, (await status()).errorState?.code, (await status()).attempts], ["TimedOut", "Timeout", 1]);
  });

  it("ends when all attempts together took too long, whatever the budget", async () => {
    start(({ attempt }) => (attempt === 0 ? { exit: 1 } : { hangs: true }));
    await rig.create(actionManifest("train", { policy: policy({ limit: 5 }, { totalTimeout: "2m" }) }));
    await rig.quiet(150_000);
    assert.deepEqual([(await status()).phase, (await status()).errorState?.code], ["TimedOut", "TotalTimeout"]);
    assert.equal((await pods()).filter(({ metadata }) => metadata.finalizers?.length).length, 0);
  });

  it("ends with the run's deadline", async () => {
    start(() => ({ hangs: true }));
    await rig.create(actionManifest("train", { deadline: new Date(cluster.clock.now() + 45_000).toISOString() }));
    await rig.quiet(60_000);
    assert.deepEqual([(await status()).phase, (await status()).errorState?.code], ["TimedOut", "RunTimeout"]);
  });

  it("stops its pods on an abort, and stays aborted", async () => {
    start(() => ({ hangs: true }));
    await rig.create(actionManifest("train"));
    await rig.quiet(1_000);
    await patchSpec({ desiredState: "Aborted", abortReason: "wrong data" });
    await rig.quiet(60_000);
    assert.deepEqual([(await status()).phase, (await status()).errorState?.message], ["Aborted", "wrong data"]);
    assert.deepEqual(await pods(), []);
  });

  it("aborts an action that was never started without starting it", async () => {
    start(() => loss);
    await rig.create(actionManifest("train", { desiredState: "Aborted" }));
    await rig.quiet();
    assert.equal((await status()).phase, "Aborted");
    assert.equal(rig.kubelet.started.size, 0);
  });

  it("lets pods go when the action is deleted under them", async () => {
    start(() => ({ hangs: true }));
    await rig.create(actionManifest("train"));
    await rig.quiet(1_000);
    await cluster.client.delete(TaskActionKind, { namespace: NAMESPACE, name: "iris-x7-train" });
    await rig.quiet(60_000);
    assert.deepEqual(await pods(), []);
  });

  it("runs again when somebody takes the pod away by force", async () => {
    start(({ attempt }) => (attempt === 0 ? { hangs: true } : loss));
    await rig.create(actionManifest("train"));
    await rig.quiet(1_000);
    const [pod] = await pods();
    assert.ok(pod);
    await cluster.client.patch(Kinds.Pod, pod.metadata, { type: "merge", body: { metadata: { finalizers: null } } });
    await cluster.client.delete(Kinds.Pod, pod.metadata, { gracePeriodSeconds: 0 });
    await rig.quiet();
    assert.deepEqual([(await status()).phase, (await status()).systemFailures], ["Succeeded", 1]);
  });

  it("never takes a stranger's pod for its own", async () => {
    start(() => loss);
    const container = { name: "x", image: "busybox" };
    await cluster.client.create(Kinds.Pod, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: NAMESPACE, name: "iris-x7-train-0" },
      spec: { containers: [container] },
    });
    await rig.create(actionManifest("train"));
    await rig.quiet(5_000);
    assert.equal((await status()).phase, "WaitingForResources");
    await cluster.client.delete(Kinds.Pod, { namespace: NAMESPACE, name: "iris-x7-train-0" }, { gracePeriodSeconds: 0 });
    await rig.quiet();
    assert.equal((await status()).phase, "Succeeded");
  });

  it("fails before a pod is made when the code has no digest, the spec is broken, or no plugin fits", async () => {
    start(() => loss);
    await rig.create(actionManifest("train", { code: { path: "src/" } }));
    await rig.create(actionManifest("broken", { taskTemplate: Buffer.from("junk").toString("base64") }));
    await rig.create(actionManifest("strange", { taskType: "spark" }));
    await rig.quiet();
    const codes = await Promise.all(["train", "broken", "strange"].map(async (name) => (await rig.action(name)).status?.errorState?.code));
    assert.deepEqual(codes, ["CodeUnresolved", "InvalidSpec", "PluginNotFound"]);
    assert.equal(rig.kubelet.started.size, 0);
  });

  it("fills in the namespace's defaults and refuses what is above its limits", async () => {
    start(() => loss);
    const quota: Pick<ProjectQuota, "apiVersion" | "kind" | "metadata" | "spec"> = {
      apiVersion: "flyte.org/v1",
      kind: "ProjectQuota",
      metadata: { namespace: NAMESPACE, name: "default" },
      spec: { taskDefaults: { memory: "128Mi" }, taskLimits: { cpu: "2" } },
    };
    await cluster.client.create(ProjectQuotaKind, quota as KubeObject);
    await rig.quiet(1_000);
    await rig.create(actionManifest("train"));
    await rig.create(actionManifest("greedy", {}, recipe({ container: { requests: { cpu: "3" } } })));
    await rig.quiet();
    await cluster.client.delete(ProjectQuotaKind, { namespace: NAMESPACE, name: "default" });
    assert.equal((await pods())[0]?.spec.containers[0]?.resources.limits?.["memory"], "128Mi");
    assert.equal((await rig.action("greedy")).status?.errorState?.code, "ResourceLimitExceeded");
  });

  it("repeats on the action that the image is not used on this machine", async () => {
    start(() => ({ hangs: true }));
    await rig.create(actionManifest("train"));
    await rig.quiet(1_000);
    const [pod] = await pods();
    const { name, namespace, uid } = pod?.metadata ?? {};
    const message = "image node:22 is not used on this machine; 'node' is /usr/bin/node v20.11";
    const about = { apiVersion: "v1", kind: "Pod", name, namespace, uid };
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "note", namespace: NAMESPACE },
      involvedObject: about,
      reason: "ImageNotUsed",
      message,
      type: "Normal",
    };
    await cluster.client.create(Kinds.Event, event);
    await rig.quiet(1_000);
    assert.equal(conditionOf(await rig.action(), "ImageNotUsed")?.message, message);
    assert.equal((await status()).phase, "Running");
  });

  it("shows what the program says about its progress", async () => {
    rig = actionRig(cluster, () => ({ hangs: true }), { config: { progressIntervalMs: 5_000 } });
    await rig.create(actionManifest("train"));
    await rig.quiet(1_000);
    await rig.blobs.write("runs/ml/development/iris-x7/run-uid/train/0/progress", "3/10 folds");
    await rig.quiet(6_000);
    assert.equal((await status()).progress, "3/10 folds");
  });

  it("renders inputs into arguments", async () => {
    start(() => loss);
    const template = recipe({ interface: interfaceOfTypes({ name: "string" }, { loss: "float" }), container: { args: ["--name={{.inputs.name}}"] } });
    await rig.create(actionManifest("train", {}, template), { name: stringLiteral("$(HOME)") });
    await rig.quiet();
    assert.deepEqual((await pods())[0]?.spec.containers[0]?.args, ["--name=$$(HOME)"]);
  });

  describe("over a list", () => {
    const template = recipe({ interface: interfaceOfTypes({ fold: "integer" }, { loss: "float" }), container: { args: ["{{.inputs.fold}}"] } });
    const folds = (count: number) => ({ fold: listLiteral(Array.from({ length: count }, (_, index) => integerLiteral(BigInt(index * 10)))) });
    const map = (more: Partial<NonNullable<TaskAction["spec"]["map"]>>) => ({ count: 4, over: ["fold"], failed: "Keep" as const, ...more });
    const outputs = async () => {
      const uri = (await status()).outputs?.uri ?? "";
      const { literals } = fromBinary(LiteralMapSchema, await rig.blobs.read(rig.blobs.keyOf(uri) ?? "", 1e6));
      return literals["loss"];
    };

    it("runs one pod per item, gives each its element, and gathers the outputs in order", async () => {
      start(({ item = 0 }) => ({ outputs: { loss: floatLiteral(item / 10) } }));
      await rig.create(actionManifest("train", { map: map({}) }, template), folds(4));
      await rig.quiet();
      assert.deepEqual((await status()).items, { phases: "ssss", succeeded: 4, failed: 0, running: 0 });
      assert.deepEqual((await pods()).map(({ spec }) => spec.containers[0]?.args?.[0]).sort(), ["0", "10", "20", "30"]);
      const gathered = await outputs();
      assert.deepEqual(gathered && literalToJson({ kind: "list", of: { kind: "float" } }, gathered), [0, 0.1, 0.2, 0.3]);
    });

    it("never runs more items at once than its concurrency", async () => {
      start(() => ({ hangs: true }));
      await rig.create(actionManifest("train", { map: map({ concurrency: 2 }) }, template), folds(4));
      await rig.quiet(10_000);
      assert.equal((await status()).items?.phases, "rr..");
    });

    it("fails with the first items that failed, and stops the others", async () => {
      start(({ item }) => (item === 1 ? { exit: 7, message: "boom" } : { hangs: true }));
      await rig.create(actionManifest("train", { map: map({}) }, template), folds(4));
      await rig.quiet(60_000);
      const { phase, errorState } = await status();
      assert.equal(phase, "Failed");
      assert.match(errorState?.message ?? "", /^1 of 4 items failed; train\[1\]: ExitCode: the program exited with 7/);
      assert.equal((await pods()).filter(({ metadata }) => metadata.finalizers?.length).length, 0);
    });

    it("runs a failed item again, alone", async () => {
      start(({ item, attempt }) => (item === 2 && attempt === 0 ? { exit: 1 } : loss));
      await rig.create(actionManifest("train", { map: map({}), policy: policy({ limit: 1 }) }, template), folds(4));
      await rig.quiet();
      assert.equal((await status()).phase, "Succeeded");
      assert.deepEqual(
        [...rig.kubelet.started.keys()].sort(),
        [0, 1, 2, 3]
          .map((item) => `iris-x7-train-${item}-0`)
          .concat("iris-x7-train-2-1")
          .sort(),
      );
    });

    it("succeeds at once when there are no items", async () => {
      start(() => loss);
      await rig.create(actionManifest("train", { map: map({ count: 0 }) }, template), folds(0));
      await rig.quiet();
      assert.equal((await status()).phase, "Succeeded");
      assert.equal(rig.kubelet.started.size, 0);
    });

    it("writes its status rarely: not once per pod", async () => {
      start(() => loss);
      await rig.create(actionManifest("train", { map: map({ count: 200 }) }, template), folds(200));
      await rig.quiet();
      assert.equal((await status()).items?.succeeded, 200);
      const writes = rig.line().calls.filter((call) => call.startsWith("patch TaskAction/status")).length;
      assert.ok(writes <= 150, `${writes} status writes for 200 items`);
    }).timeout(30_000);
  });
});
