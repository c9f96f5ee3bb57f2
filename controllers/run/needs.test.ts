import assert from "node:assert/strict";
import type { TaskAction } from "../../crds/index.ts";
import { type ActionScript, NAMESPACE, runRig } from "../../test/support/run-rig.ts";
import { testCluster } from "../../test/support/test-cluster.ts";
import { withinNeeds } from "../../test/support/within-needs.ts";
import { needs as archiveNeeds } from "../archive/needs.ts";
import { needs as definitionNeeds } from "../definition/needs.ts";
import { needs } from "./needs.ts";

const HOUR_MS = 3_600_000;

describe("the needs of the definition, run and archive controllers", () => {
  it("cover whatever they ask while runs succeed, fail, are aborted and collected, and list nothing that is never asked", async () => {
    const guard = withinNeeds(definitionNeeds, archiveNeeds, needs);
    const cluster = await testCluster({ namespaces: [NAMESPACE] });
    const script = ({ spec }: TaskAction): ActionScript => (spec.node === "slow" ? "running" : { outputs: { y: 7 } });
    const rig = runRig(cluster, script, { line: guard.line });
    await rig.task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
    await rig.workflow("wf", { nodes: { a: { task: "step" }, slow: { task: "step", inputs: { x: { from: "nodes.a.outputs.y" } } } } });
    await rig.run("ends", { task: "step", ttl: "1h" });
    await rig.run("aborted", { workflow: "wf" });
    await rig.quiet();
    await rig.patch("aborted", { desiredState: "Aborted" });
    await rig.quiet(2 * HOUR_MS);
    assert.equal((await rig.status("aborted")).phase, "Aborted");
    await rig.stop();
    await cluster.close();
    guard.verify();
    // Actions are deleted by themselves when a Run from git stays, and read after a crash; the others are for remote data and for clusters that check blocking owners.
    const elsewhere = ["delete flyte.org/taskactions", "get core/namespaces", "get flyte.org/projects", "get flyte.org/taskactions"];
    assert.deepEqual(guard.unused(), [...elsewhere, "update flyte.org/runs/finalizers"]);
  });
});
