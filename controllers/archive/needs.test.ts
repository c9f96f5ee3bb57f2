import assert from "node:assert/strict";
import { FINALIZER } from "../../base/index.ts";
import { RunKind } from "../../crds/index.ts";
import { controllerWithinNeeds } from "../../test/support/controller-within-needs.ts";
import { memoryArchive } from "../../test/support/memory-archive.ts";
import { archiveController } from "./index.ts";
import { needs } from "./needs.ts";

describe("the needs of the archive controller", () => {
  it("cover whatever it asks while it keeps Runs and lets them go", async () => {
    const namespace = "ml-development";
    const archive = memoryArchive();
    const rig = await controllerWithinNeeds(needs, (deps) => archiveController({ ...deps, records: archive }), [namespace]);
    const metadata = { name: "r", namespace, finalizers: [FINALIZER.archive] };
    await rig.client.create(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata, spec: { task: "t" } });
    const body = { status: { phase: "Succeeded", endTime: "2026-01-01T00:00:00Z" } };
    await rig.client.patch(RunKind, metadata, { type: "merge", body }, { subresource: "status" });
    await rig.quiet();
    await rig.close();
    assert.equal(archive.runs.size, 1);
    rig.guard.verify();
    assert.deepEqual(rig.guard.unused(), []);
  });
});
