import assert from "node:assert/strict";
import { type Clock, inParallel, seededRandom } from "../../base/index.ts";
import { registerInstall } from "../../cli/commands/install.ts";
import { registerUninstall } from "../../cli/commands/uninstall.ts";
import { runCli } from "../../cli/index.ts";
import { installationNeeds } from "../../cmd/installation-needs.ts";
import { systemClock } from "../../cmd/system.ts";
import { ProjectKind, type Run, RunKind, TaskKind } from "../../crds/index.ts";
import { apiClient, type ClusterAccess, clusterTransport, Kinds, type KindRef, type KubeObject, type ObjectClient } from "../../kube/index.ts";
import type { Manifest } from "../../synth/index.ts";
import { embeddedCluster, type EmbeddedCluster } from "../conformance/support/embedded.ts";

const KINDS: readonly KindRef[] = Object.values(Kinds);

/** A minute of the commands is a second of ours: they wait in steps of a second for controllers, which here answer at once or never. */
const HURRY = 60;
const began = systemClock.now();
const hurried: Clock = { now: () => began + (systemClock.now() - began) * HURRY, after: (ms, fire) => systemClock.after(ms / HURRY, fire) };

describe("flyteops install and uninstall against a cluster", function () {
  this.timeout(60_000);
  let cluster: EmbeddedCluster;
  let access: ClusterAccess;
  let client: ObjectClient;

  before(async () => {
    cluster = await embeddedCluster();
    access = await clusterTransport({ kubeconfig: [cluster.kubeconfig] });
    client = apiClient(access.transport);
  });
  after(async () => {
    await access.close();
    await cluster.close();
  });

  async function flyteops(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const said = { out: "", err: "" };
    const terminal = (to: "out" | "err") => ({ write: (text: string) => void (said[to] += text), isTty: false, columns: 0, rows: 0 });
    const deps = {
      clock: hurried,
      random: seededRandom(1),
      out: terminal("out"),
      err: terminal("err"),
      env: { KUBECONFIG: cluster.kubeconfig },
      cwd: "/",
      signal: new AbortController().signal,
      version: "1.2.3",
      installationNeeds: async () => installationNeeds,
    };
    const code = await runCli(argv, deps, [registerInstall, registerUninstall]);
    return { code, ...said };
  }
  const install = async (): Promise<void> => {
    const { code, out, err } = await flyteops("install", "--set", "config.storage.container=b", "--set", "controller.replicas=0", "-o", "json");
    assert.equal(code, 0, err);
    const apply = async (manifest: Manifest): Promise<void> => {
      const kind = KINDS.find((each) => each.kind === manifest.kind);
      const { name, namespace } = manifest.metadata;
      if (kind) await client.patch(kind, { name, namespace }, { type: "apply", body: manifest, force: true }, { fieldManager: "installer" });
    };
    const [first, ...others] = (JSON.parse(out) as { items: Manifest[] }).items;
    await apply(first!);
    await inParallel(others, 8, apply);
    // The kinds are served a moment after they are there.
    for (let tries = 0; tries < 500 && !(await served()); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const served = () =>
    client.list(ProjectKind).then(
      () => true,
      () => false,
    );
  const make = (kind: KindRef, name: string, spec: object, finalizers: string[] = []) =>
    client.create(kind, {
      apiVersion: "flyte.org/v1",
      kind: kind.kind,
      metadata: { name, ...(kind.namespaced ? { namespace: "default" } : {}), finalizers },
      spec,
    } as KubeObject);
  const kindsLeft = async () => (await client.list(Kinds.CustomResourceDefinition)).items.length;

  it("prints nothing and says what to do where Flyte 2 is, and takes nothing of it away", async () => {
    const names = { kind: "TaskAction", plural: "taskactions" };
    const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }];
    const foreign = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "taskactions.flyte.org" } };
    await client.create(Kinds.CustomResourceDefinition, { ...foreign, spec: { group: "flyte.org", scope: "Namespaced", names, versions } } as KubeObject);
    for (const argv of [
      ["install", "--set", "config.storage.container=b"],
      ["uninstall", "--yes"],
    ]) {
      const { code, out, err } = await flyteops(...argv);
      assert.deepEqual([code, out.slice(0, 40)], [1, ""], err);
      assert.match(err, /Flyte 2 is installed/);
      assert.match(err, /use another cluster, or remove Flyte 2/);
    }
    await client.delete(Kinds.CustomResourceDefinition, { name: "taskactions.flyte.org" });
  });

  it("changes nothing without --yes, and prints the plan", async () => {
    await install();
    await make(TaskKind, "t", { type: "container", container: { image: "busybox" } });
    const plan = await flyteops("uninstall", "--dry-run");
    assert.equal(plan.code, 0);
    assert.match(plan.out, /abort unfinished Runs[\s\S]*delete 1 tasks, in order[\s\S]*delete the kinds/);
    const { code, out, err } = await flyteops("uninstall");
    assert.deepEqual([code, out], [2, plan.out]);
    assert.match(err, /flyteops uninstall --yes/);
    assert.equal(await kindsLeft(), 9);
  });

  it("stops at what does not end in time, and names it", async () => {
    await make(RunKind, "stuck", { task: "t" }, ["flyte.org/archive"]);
    const { code, err } = await flyteops("uninstall", "--yes", "--timeout", "1s");
    assert.equal(code, 1);
    assert.match(err, /still there: Run default\/stuck\. What comes after them was left alone/);
    assert.equal((await client.get<Run>(RunKind, { namespace: "default", name: "stuck" })).spec.desiredState, "Aborted");
    assert.equal(await kindsLeft(), 9);
  });

  it("keeps kinds and objects when asked to, with nothing left that holds them", async () => {
    const status = { status: { phase: "Aborted", endTime: "2026-01-01T00:00:00Z" } };
    await client.patch(RunKind, { namespace: "default", name: "stuck" }, { type: "merge", body: status }, { subresource: "status" });
    await client.patch(RunKind, { namespace: "default", name: "stuck" }, { type: "merge", body: { metadata: { finalizers: null } } });
    await make(ProjectKind, "ml", { domains: ["development"] }, ["flyte.org/project"]);
    const { code, err } = await flyteops("uninstall", "--yes", "--keep-crds", "--timeout", "10m");
    assert.equal(code, 0, err);
    assert.deepEqual((await client.get(ProjectKind, { name: "ml" })).metadata.finalizers ?? [], []);
    assert.equal(await kindsLeft(), 9);
    const roles = (await client.list(Kinds.ClusterRole, { labelSelector: "app.kubernetes.io/part-of=flyteops" })).items;
    assert.deepEqual(roles, []);
  });

  it("takes everything away, with force also what nobody lets go of", async () => {
    await install();
    await make(RunKind, "held", { task: "t" }, ["flyte.org/archive"]);
    const { code, err } = await flyteops("uninstall", "--yes", "--force", "--timeout", "10m");
    assert.equal(code, 0, err);
    assert.match(err, /9 kinds deleted/);
    assert.match(err, /namespace flyteops-system stays/);
    for (const kind of [Kinds.ClusterRole, Kinds.ClusterRoleBinding, Kinds.CustomResourceDefinition]) {
      assert.deepEqual((await client.list(kind, { labelSelector: "app.kubernetes.io/part-of=flyteops" })).items, [], kind.kind);
    }
    assert.equal((await client.get(Kinds.Namespace, { name: "flyteops-system" })).metadata.deletionTimestamp, undefined);
  });
});
