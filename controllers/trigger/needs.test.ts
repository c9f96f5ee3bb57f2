import assert from "node:assert/strict";
import { type Run, RunKind, TriggerKind, WorkflowKind } from "../../crds/index.ts";
import { controllerWithinNeeds } from "../../test/support/controller-within-needs.ts";
import { triggerController } from "./index.ts";
import { needs } from "./needs.ts";

const namespace = "ml-development";

describe("the needs of the trigger controller", () => {
  it("cover whatever it asks while commits make Runs, replace them and the history is kept short", async () => {
    const rig = await controllerWithinNeeds(needs, triggerController, [namespace]);
    const named = (kind: string, name: string, spec: object) => ({ apiVersion: "flyte.org/v1", kind, metadata: { name, namespace }, spec });
    async function compiled(letter: string): Promise<void> {
      const conditions = [{ type: "Ready", status: "True", reason: "Succeeded", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" }];
      const status = { observedGeneration: 1, conditions, plan: { digest: `sha256:${letter.repeat(64)}` } };
      await rig.client.patch(WorkflowKind, { namespace, name: "wf" }, { type: "merge", body: { status } }, { subresource: "status" });
      await rig.quiet();
    }
    await rig.client.create(WorkflowKind, named("Workflow", "wf", { nodes: { a: { task: "t" } } }));
    await compiled("a");
    const spec = { run: { workflow: "wf" }, onCommit: {}, concurrencyPolicy: "Replace", history: { succeeded: 0, failed: 0 } };
    await rig.client.create(TriggerKind, named("Trigger", "on-commit", spec));
    await rig.quiet();
    for (const letter of ["b", "c"]) await compiled(letter);
    const [replaced] = (await rig.client.list<Run>(RunKind, { namespace })).items;
    const ended = { status: { phase: "Aborted", endTime: "2026-01-01T00:00:00Z" } };
    await rig.client.patch(RunKind, replaced!.metadata, { type: "merge", body: ended }, { subresource: "status" });
    await rig.quiet();
    await rig.close();
    rig.guard.verify();
    // A Run that is there already is read only after a crash between making it and noting its uid.
    assert.deepEqual(rig.guard.unused(), ["get flyte.org/runs"]);
  });
});
