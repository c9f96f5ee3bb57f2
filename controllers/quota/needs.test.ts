import assert from "node:assert/strict";
import { ProjectQuotaKind } from "../../crds/index.ts";
import { controllerWithinNeeds } from "../../test/support/controller-within-needs.ts";
import { quotaController } from "./index.ts";
import { needs } from "./needs.ts";

describe("the needs of the quota controller", () => {
  it("cover whatever it asks while limits come and go", async () => {
    const namespace = "ml-development";
    const rig = await controllerWithinNeeds(needs, quotaController, [namespace]);
    const quota = { apiVersion: "flyte.org/v1", kind: "ProjectQuota", metadata: { name: "default", namespace }, spec: { namespace: { pods: "5" } } };
    await rig.client.create(ProjectQuotaKind, quota);
    await rig.quiet();
    const body = { spec: { namespace: null, taskLimits: { memory: "1Gi" } } };
    await rig.client.patch(ProjectQuotaKind, { namespace, name: "default" }, { type: "merge", body });
    await rig.quiet();
    await rig.close();
    rig.guard.verify();
    // Blocking owners are checked by clusters that do.
    assert.deepEqual(rig.guard.unused(), ["update flyte.org/projectquotas/finalizers"]);
  });
});
