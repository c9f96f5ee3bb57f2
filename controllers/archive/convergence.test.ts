import assert from "node:assert/strict";
import { RunKind } from "../../crds/index.ts";
import { type Fault, FAULTS, faultLine } from "../../test/support/faults.ts";
import { archivedIn } from "../../test/support/memory-archive.ts";
import { NAMESPACE, runRig } from "../../test/support/run-rig.ts";
import { testCluster } from "../../test/support/test-cluster.ts";

/** A run of which one node has ended and one runs, when somebody deletes it. */
async function deleted(at?: number, fault?: Fault): Promise<{ readonly calls: readonly string[]; readonly end: unknown }> {
  const cluster = await testCluster({ namespaces: [NAMESPACE] });
  const line = faultLine(at, fault);
  const rig = runRig(cluster, ({ spec }) => (spec.node === "slow" ? "running" : { outputs: {} }), { line });
  await rig.task("step", {}, {});
  await rig.workflow("wf", { nodes: { quick: { task: "step" }, slow: { task: "step" } } });
  await rig.run("r1", { workflow: "wf" });
  await rig.quiet();
  await rig.client.delete(RunKind, { namespace: NAMESPACE, name: "r1" });
  await rig.quiet();
  const left = (await rig.client.list(RunKind, { namespace: NAMESPACE })).items;
  await rig.stop();
  await cluster.close();
  return { calls: line.calls, end: { left: left.length, archived: archivedIn(rig.archive) } };
}

describe("a run deleted while it runs, through a fault at every call", function () {
  this.timeout(60_000);

  it("goes, and its record is in the archive", async () => {
    const clean = await deleted();
    assert.deepEqual(clean.end, { left: 0, archived: [["r1 Aborted", "quick Succeeded", "slow Aborted"]] });
    assert.ok(clean.calls.includes("archive r1"));
    const last = clean.calls.length - 8;
    for (let at = 0; at < clean.calls.length; at += 1) {
      // The end of a run, which this is about, with every fault; what leads there with one each.
      for (const fault of at >= last ? FAULTS : [FAULTS[at % FAULTS.length]!]) {
        const hit = await deleted(at, fault);
        assert.deepEqual(hit.end, clean.end, `${fault} at call ${at}: ${clean.calls[at]}`);
      }
    }
  });
});
