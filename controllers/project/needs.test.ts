import assert from "node:assert/strict";
import { ProjectKind } from "../../crds/index.ts";
import { controllerWithinNeeds } from "../../test/support/controller-within-needs.ts";
import { projectController } from "./index.ts";
import { needs } from "./needs.ts";

const project = (name: string, spec: object) => ({
  apiVersion: "flyte.org/v1",
  kind: "Project",
  metadata: { name },
  spec: { domains: ["development"], ...spec },
});

describe("the needs of the project controller", () => {
  it("cover whatever it asks while Projects come and go", async () => {
    const rig = await controllerWithinNeeds(needs, projectController);
    await rig.client.create(ProjectKind, project("ml", { access: { editors: [{ group: "ml" }] } }));
    await rig.client.create(ProjectKind, project("gone", { deletionPolicy: "Delete" }));
    await rig.quiet();
    for (const name of ["ml", "gone"]) await rig.client.delete(ProjectKind, { name });
    await rig.quiet();
    await rig.close();
    rig.guard.verify();
    // The right to bind is asked about by the API server, when a binding is written.
    assert.deepEqual(rig.guard.unused(), ["bind rbac.authorization.k8s.io/clusterroles"]);
  });
});
