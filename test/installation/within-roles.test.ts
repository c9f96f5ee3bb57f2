import assert from "node:assert/strict";
import { type GitSync, GitSyncKind, ProjectKind, type Run, RunKind } from "../../crds/index.ts";
import { ApiError, conditionOf, isNotFound, Kinds, type KubeObject } from "../../kube/index.ts";
import { FLAVOURS } from "../../synth/index.ts";
import { type ClusterOfRoles, clusterOfRoles } from "./cluster-of-roles.ts";

const PROJECT = `apiVersion: flyte.org/v1
kind: Project
metadata: {name: ml}
spec: {domains: [development], access: {editors: [{group: ml}]}}
---
apiVersion: flyte.org/v1
kind: ProjectQuota
metadata: {name: default, namespace: ml-development}
spec: {namespace: {pods: "50"}, taskLimits: {memory: 4Gi}}
`;
const STEPS = `apiVersion: flyte.org/v1
kind: Task
metadata: {name: step, namespace: ml-development}
spec: {type: container, inputs: {x: {type: integer, default: 1}}, outputs: {count: integer}, container: {image: busybox, command: ["true"]}}
---
apiVersion: flyte.org/v1
kind: Workflow
metadata: {name: steps, namespace: ml-development}
spec:
  inputs: {xs: {type: "list<integer>", default: [1, 2, 3]}}
  nodes:
    each: {task: step, map: {over: {x: {from: inputs.xs}}}}
    last: {task: step, after: [each]}
---
apiVersion: flyte.org/v1
kind: Trigger
metadata: {name: on-commit, namespace: ml-development}
spec: {run: {workflow: steps}, onCommit: {}, history: {succeeded: 1, failed: 1}}
`;
const RUN = `apiVersion: flyte.org/v1
kind: Run
metadata: {name: first, namespace: ml-development}
spec: {workflow: steps}
`;

for (const flavour of FLAVOURS) {
  describe(`the controllers under nothing but the roles of an installation, ${flavour}`, function () {
    this.timeout(30_000);
    let cluster: ClusterOfRoles;
    before(async () => {
      cluster = await clusterOfRoles(flavour);
    });
    after(() => cluster.close());

    const sync: KubeObject = {
      apiVersion: "flyte.org/v1",
      kind: "GitSync",
      metadata: { name: "platform", namespace: "flyteops-system" },
      spec: { url: "https://git.example.com/flows.git" },
    };
    const runs = async () => (await cluster.client.list<Run>(RunKind, { namespace: "ml-development" })).items;

    it("follow a repository, make its Project, run its Run on pods and keep the record", async () => {
      cluster.remote.commit({ "project.yaml": PROJECT, "steps.yaml": STEPS, "run.yaml": RUN });
      await cluster.client.create(GitSyncKind, sync);
      await cluster.quiet();
      const stored = await cluster.client.get<GitSync>(GitSyncKind, { namespace: "flyteops-system", name: "platform" });
      assert.equal(conditionOf(stored, "Ready")?.status, "True", JSON.stringify(stored.status));
      assert.deepEqual(
        (await runs()).map(({ metadata, status }) => [metadata.name, status?.phase, status?.done]),
        [["first", "Succeeded", "2/2"]],
      );
      assert.equal(cluster.archive.runs.size, 1);
      assert.deepEqual(cluster.refused, []);
    });

    it("show it to the API, which is let at nothing else", async () => {
      assert.deepEqual([cluster.api.synced, cluster.api.projects().map(({ metadata }) => metadata.name)], [true, ["ml"]]);
      const found = await cluster.api.find("ml-development", "first");
      assert.deepEqual([found?.run.status?.phase, found?.actions.length], ["Succeeded", 2]);
      const reader = cluster.as("flyteops-api");
      const refused = (work: Promise<unknown>) => assert.rejects(work, (thrown) => thrown instanceof ApiError && thrown.code === 403);
      await refused(reader.list(Kinds.Secret, { namespace: "flyteops-system" }));
      await refused(reader.list(Kinds.Pod, { namespace: "ml-development" }));
      await refused(reader.patch(RunKind, { namespace: "ml-development", name: "first" }, { type: "merge", body: { spec: { desiredState: "Aborted" } } }));
    });

    it("run again for a commit, and tidy up after what has left the repository", async () => {
      cluster.remote.commit({ "project.yaml": PROJECT, "steps.yaml": STEPS.replace('"true"', '"false"') });
      await cluster.quiet();
      const left = await runs();
      assert.deepEqual([left.length, left[0]?.metadata.labels?.["flyte.org/trigger"], left[0]?.status?.phase], [1, "on-commit", "Succeeded"]);
      assert.deepEqual(cluster.refused, []);
    });

    it("let everything go when the repository is not followed any more", async () => {
      await cluster.client.delete(GitSyncKind, { namespace: "flyteops-system", name: "platform" });
      await cluster.quiet();
      await assert.rejects(cluster.client.get(ProjectKind, { name: "ml" }), isNotFound);
      const bindings = await cluster.client.list(Kinds.RoleBinding, { namespace: "ml-development" });
      assert.deepEqual(
        bindings.items.map(({ metadata }) => metadata.name),
        [],
      );
      assert.deepEqual(cluster.refused, []);
    });

    it("may not make pods, act as others, or let anybody in as something else where no Project is", async () => {
      const controller = cluster.as("flyteops-controller");
      const namespace = "default";
      const refused = (work: Promise<unknown>) => assert.rejects(work, (thrown) => thrown instanceof ApiError && thrown.code === 403);
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace }, spec: { containers: [{ name: "a", image: "busybox" }] } };
      await refused(controller.create(Kinds.Pod, pod));
      await refused(controller.get(Kinds.Secret, { namespace: "flyteops-system", name: "flyteops-database" }));
      await refused(controller.get(Kinds.ServiceAccount, { namespace, name: "a" }, { impersonate: { user: "system:serviceaccount:default:default" } }));
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flyteops-platform" };
      const subjects = [{ kind: "ServiceAccount", name: "flyteops-controller", namespace: "flyteops-system" }];
      const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: "b", namespace }, roleRef, subjects };
      await refused(controller.create(Kinds.RoleBinding, binding));
    });
  });
}
