import assert from "node:assert/strict";
import { type Fault, FAULTS, faultLine } from "../../test/support/faults.ts";
import { NAMESPACE, type RunRig, runRig } from "../../test/support/run-rig.ts";
import { archivedIn } from "../../test/support/memory-archive.ts";
import { testCluster } from "../../test/support/test-cluster.ts";

/** A workflow with everything: an expression, an attribute, a map, a sub-workflow, a failure and a failure node. */
async function play(
  at?: number,
  fault?: Fault,
): Promise<{ readonly rig: RunRig; readonly calls: number; readonly end: unknown; readonly close: () => Promise<void> }> {
  const cluster = await testCluster({ namespaces: [NAMESPACE] });
  const line = faultLine(at, fault);
  const rig = runRig(
    cluster,
    ({ spec }) => (spec.node === "boom" ? { error: { code: "ExitCode", message: "the program exited with 7" } } : { outputs: { y: 7, ys: [1, 2] } }),
    { line },
  );
  await rig.task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
  await rig.task("list", {}, { ys: "list<integer>" });
  await rig.workflow("sub", {
    inputs: { n: "integer" },
    outputs: { y: { type: "integer", from: "nodes.p.outputs.y" } },
    nodes: { p: { task: "step", inputs: { x: { from: "inputs.n" } } } },
  });
  await rig.workflow("wf", {
    inputs: { n: "integer" },
    nodes: {
      a: { task: "list" },
      b: { task: "step", inputs: { x: { from: "nodes.a.outputs.ys[1]" } } },
      m: { task: "step", map: { over: { x: { from: "nodes.a.outputs.ys" } } } },
      s: { workflow: "sub", inputs: { n: { expr: "inputs.n + nodes.b.outputs.y" } } },
      boom: { task: "step", inputs: { x: { from: "nodes.s.outputs.y" } }, after: ["m"] },
    },
    onFailure: { task: "step" },
  });
  await rig.run("r1", { workflow: "wf", inputs: { n: 1 } });
  await rig.quiet();
  const { phase, error, done, counts } = await rig.status("r1");
  const actions = (await rig.actions()).map(({ spec, status }) => `${spec.node} ${status?.phase}`).sort();
  const end = {
    phase,
    error,
    done,
    counts,
    actions,
    executed: [...rig.executed.values()].every((times) => times === 1),
    finalizers: (await rig.get("r1")).metadata.finalizers ?? [],
    archived: archivedIn(rig.archive),
  };
  const close = async () => {
    await rig.stop();
    await cluster.close();
  };
  return { rig, calls: line.calls.length, end, close };
}

describe("a run through a fault at every call", function () {
  this.timeout(60_000);

  it("ends as without one, with no action made twice", async () => {
    const clean = await play();
    await clean.close();
    assert.deepEqual((clean.end as { archived: unknown }).archived, [
      ["r1 Failed", "a Succeeded", "b Succeeded", "boom Failed", "m Succeeded", "onFailure Succeeded", "s.p Succeeded"],
    ]);
    assert.deepEqual((clean.end as { actions: unknown }).actions, [
      "a Succeeded",
      "b Succeeded",
      "boom Failed",
      "m Succeeded",
      "onFailure Succeeded",
      "s.p Succeeded",
    ]);
    for (let at = 0; at < clean.calls; at++) {
      // One kind of fault per call, in turn: every pair would take minutes.
      const fault = FAULTS[at % FAULTS.length]!;
      const faulty = await play(at, fault);
      await faulty.close();
      assert.deepEqual(faulty.end, clean.end, `${fault} at call ${at}`);
    }
  });
});
