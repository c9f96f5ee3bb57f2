import assert from "node:assert/strict";
import { floatLiteral } from "../../values/index.ts";
import { actionManifest, actionRig, NAMESPACE, policy } from "../../test/support/action-rig.ts";
import { testCluster } from "../../test/support/test-cluster.ts";
import { withinNeeds } from "../../test/support/within-needs.ts";
import { needs } from "./needs.ts";

describe("the needs of the action controllers", () => {
  it("cover whatever they ask while actions succeed, retry, lose their node and are aborted", async () => {
    const guard = withinNeeds(needs);
    const cluster = await testCluster({ namespaces: [NAMESPACE] });
    const script = ({ node, attempt }: { readonly node: string; readonly attempt: number }) => {
      if (node === "slow") return { hangs: true };
      if (attempt === 0) return node === "evicted" ? { preempted: true } : { exit: 75 };
      return { outputs: { loss: floatLiteral(0.5) } };
    };
    const rig = actionRig(cluster, script, { line: guard.line });
    for (const action of ["train", "evicted", "slow"]) await rig.create(actionManifest(action, { policy: policy({ limit: 2 }) }));
    await rig.quiet(120_000);
    const { metadata } = await rig.action("slow");
    const { TaskActionKind } = await import("../../crds/index.ts");
    await cluster.client.patch(TaskActionKind, metadata, { type: "merge", body: { spec: { desiredState: "Aborted" } } });
    await rig.quiet();
    assert.deepEqual([(await rig.action("train")).status?.phase, (await rig.action("slow")).status?.phase], ["Succeeded", "Aborted"]);
    await rig.clear();
    await cluster.close();
    guard.verify();
    // Single pods and actions are read after a crash, or when a name is taken; logs come from a kubelet; blocking owners are checked by clusters that do.
    assert.deepEqual(guard.unused(), ["get core/pods", "get core/pods/log", "get flyte.org/taskactions", "update flyte.org/taskactions/finalizers"]);
  });
});
