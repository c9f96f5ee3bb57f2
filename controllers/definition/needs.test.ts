import assert from "node:assert/strict";
import { memoryStore } from "../../blobs/index.ts";
import { TaskKind, WorkflowKind } from "../../crds/index.ts";
import { controllerWithinNeeds } from "../../test/support/controller-within-needs.ts";
import { definitionControllers } from "./index.ts";
import { needs } from "./needs.ts";

describe("the needs of the definition controllers", () => {
  it("cover whatever they ask while definitions compile and do not", async () => {
    const namespace = "ml-development";
    const rig = await controllerWithinNeeds(needs, (deps) => definitionControllers({ ...deps, blobs: memoryStore() }), [namespace]);
    const named = (kind: string, name: string, spec: object) => ({ apiVersion: "flyte.org/v1", kind, metadata: { name, namespace }, spec });
    await rig.client.create(TaskKind, named("Task", "step", { type: "container", container: { image: "busybox", command: ["true"] } }));
    await rig.client.create(WorkflowKind, named("Workflow", "good", { nodes: { a: { task: "step" } } }));
    await rig.client.create(WorkflowKind, named("Workflow", "bad", { nodes: { a: { task: "absent" } } }));
    await rig.quiet();
    await rig.close();
    rig.guard.verify();
    assert.deepEqual(rig.guard.unused(), []);
  });
});
