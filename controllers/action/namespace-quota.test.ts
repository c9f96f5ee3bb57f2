import assert from "node:assert/strict";
import { conditionOf, type KindRef, Kinds, type KubeObject } from "../../kube/index.ts";
import { quotaManifests } from "../../synth/index.ts";
import { actionManifest, type ActionRig, actionRig, NAMESPACE } from "../../test/support/action-rig.ts";
import { recipe } from "../../test/support/build-context.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";
import { floatLiteral } from "../../values/index.ts";

const KIND: Readonly<Record<string, KindRef>> = { ResourceQuota: Kinds.ResourceQuota, LimitRange: Kinds.LimitRange };
const loss = { outputs: { loss: floatLiteral(0.5) } };

describe("actions in a namespace with quotas", () => {
  let cluster: TestCluster;
  let rig: ActionRig;
  before(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
  });
  after(() => cluster.close());
  afterEach(async () => {
    await rig.clear();
    for (const kind of Object.values(KIND)) await cluster.client.delete(kind, { namespace: NAMESPACE, name: "flyte-project-quota" });
  });

  async function limit(quota: Omit<Parameters<typeof quotaManifests>[0], "namespace">): Promise<void> {
    for (const manifest of quotaManifests({ namespace: NAMESPACE, ...quota }))
      await cluster.client.create(KIND[manifest.kind] ?? Kinds.ResourceQuota, manifest as unknown as KubeObject);
  }

  const phase = async (name: string) => (await rig.action(name)).status?.phase;

  it("wait for room, say what for, and go on when there is some", async () => {
    rig = actionRig(cluster, ({ node }) => (node === "first" ? { hangs: true } : loss));
    await limit({ totals: { pods: 1 } });
    await rig.create(actionManifest("first"));
    await rig.quiet(2_000);
    await rig.create(actionManifest("second"));
    await rig.quiet(2_000);
    assert.deepEqual([await phase("first"), await phase("second")], ["Running", "WaitingForResources"]);
    const { status } = await rig.action("second");
    assert.equal(status?.attempts ?? 0, 0, "waiting costs no attempt");
    const why = /exceeded quota: flyte-project-quota, requested: pods=1, used: pods=1, limited: pods=1$/;
    const ready = conditionOf(await rig.action("second"), "Ready");
    assert.deepEqual([ready?.status, ready?.reason], ["Unknown", "WaitingForResources"]);
    assert.match(ready?.message ?? "", why);
    await cluster.client.delete(Kinds.ResourceQuota, { namespace: NAMESPACE, name: "flyte-project-quota" });
    await limit({ totals: { pods: 2 } });
    await rig.quiet(30_000);
    assert.deepEqual([await phase("first"), await phase("second")], ["Running", "Succeeded"]);
  });

  it("take turns until all are done", async () => {
    rig = actionRig(cluster, () => loss);
    await limit({ totals: { pods: 2 } });
    const names = ["one", "two", "three", "four", "five"];
    for (const name of names) await rig.create(actionManifest(name));
    await rig.quiet();
    assert.deepEqual(
      await Promise.all(names.map(phase)),
      names.map(() => "Succeeded"),
    );
  });

  it("run under task limits smaller than what runs beside them, and give no device to whom asks for none", async () => {
    rig = actionRig(cluster, () => loss);
    await limit({ taskLimits: { memory: "128Mi", "nvidia.com/gpu": 1 } });
    await rig.create(actionManifest("train", {}, recipe({ container: { requests: { memory: "64Mi" } } })));
    await rig.quiet();
    assert.equal(await phase("train"), "Succeeded");
    const [pod] = (await cluster.client.list<KubeObject>(Kinds.Pod, { namespace: NAMESPACE })).items;
    const { containers, initContainers } = pod?.["spec"] as Record<"containers" | "initContainers", { resources?: { limits?: Record<string, string> } }[]>;
    for (const { resources } of [...containers, ...initContainers]) assert.equal(resources?.limits?.["nvidia.com/gpu"], "0");
  });
});
