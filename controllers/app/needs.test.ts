import assert from "node:assert/strict";
import { AppKind } from "../../crds/index.ts";
import { controllerWithinNeeds } from "../../test/support/controller-within-needs.ts";
import { appController } from "./index.ts";
import { needs } from "./needs.ts";

describe("the needs of the app controller", () => {
  it("cover whatever it asks", async () => {
    const namespace = "ml-development";
    const rig = await controllerWithinNeeds(needs, appController, [namespace]);
    const app = { apiVersion: "flyte.org/v1", kind: "App", metadata: { name: "web", namespace }, spec: { container: { image: "busybox" } } };
    await rig.client.create(AppKind, app);
    await rig.quiet();
    await rig.close();
    rig.guard.verify();
    assert.deepEqual(rig.guard.unused(), []);
  });
});
