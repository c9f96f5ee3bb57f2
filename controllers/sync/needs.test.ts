import assert from "node:assert/strict";
import { GitSyncKind } from "../../crds/index.ts";
import { withinNeeds } from "../../test/support/within-needs.ts";
import { needs } from "./needs.ts";
import { syncRig } from "./testing/sync-rig.ts";

const TASK = `apiVersion: flyte.org/v1
kind: Task
metadata: {name: step, namespace: ml-development}
spec: {type: container, container: {image: busybox, command: ["true"]}}
`;
const PROJECT = `apiVersion: flyte.org/v1
kind: Project
metadata: {name: ml}
spec: {domains: [development]}
`;

describe("the needs of the sync controller", () => {
  it("cover whatever it asks while it applies, repairs, prunes and takes itself away", async () => {
    const guard = withinNeeds(needs);
    const rig = await syncRig();
    await rig.restart(guard.line);
    rig.remote.commit({ "project.yaml": PROJECT, "task.yaml": TASK });
    await rig.quiet();
    assert.ok(await rig.find("Task", "step"));
    rig.remote.commit({ "project.yaml": PROJECT });
    await rig.quiet();
    assert.equal(await rig.find("Task", "step"), undefined);
    await rig.cluster.client.delete(GitSyncKind, { namespace: "flyteops-system", name: "main" });
    await rig.quiet();
    await rig.close();
    guard.verify();
    // Which kinds are read straight from the API depends on what the repository holds: here, Projects and Tasks.
    const others = ["apps", "gitsyncs", "projectquotas", "runs", "triggers", "workflows"];
    assert.deepEqual(
      guard.unused(),
      others.map((kind) => `get flyte.org/${kind}`),
    );
  });
});
