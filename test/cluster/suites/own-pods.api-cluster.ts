import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Run, RunKind, type TaskAction, TaskActionKind } from "../../../crds/index.ts";
import { GitSyncKind } from "../../../crds/index.ts";
import { apiClient, type ClusterAccess, clusterTransport, Kinds, type KubeObject, type ObjectClient } from "../../../kube/index.ts";
import { type Bench, bench } from "../../e2e/support/product.ts";
import { expectExit, flyteops, type Program, root, start } from "../../e2e/support/program.ts";
import { penguins } from "../../e2e/support/repository.ts";
import { asAccount, installation, kubectlOf, SYSTEM } from "./support/installation.ts";
import { ending, eventually, find, running } from "./support/seen.ts";

const SUPPORT = join(root, "test/cluster/suites/support");
const NAMESPACE = "ml-development";

/** What stands for our own image: a directory with the built program in it. */
function ownImage(on: Bench): string {
  const directory = on.path("image");
  mkdirSync(directory);
  writeFileSync(join(directory, "flyteops"), `#!/bin/sh\nexec ${process.execPath} ${join(root, "dist/bin/flyteops.js")} "$@"\n`, { mode: 0o755 });
  return directory;
}

describe("on a real API server, with the kubelet of a laptop as its node", function () {
  const on = bench();
  const kubeconfig = process.env["KUBECONFIG"] ?? "";
  const env = { ...on.env, KUBECONFIG: kubeconfig, FLYTEOPS_CLUSTER_LOGS: process.env["FLYTEOPS_CLUSTER_LOGS"] };
  let access: ClusterAccess | undefined;
  let client: ObjectClient;
  let controllers: Program;
  /** Kubeconfig of the controllers: what they may not do by their roles, they cannot do here. */
  let account: string;

  const kubectl = kubectlOf(on.directory, { env });
  const program = (file: string, as: string, ...args: readonly string[]) =>
    start(process.execPath, ["--import", "tsx", join(SUPPORT, file), "--state", on.path("state"), ...args], { cwd: root, env: { ...env, KUBECONFIG: as } });
  const startControllers = async () => {
    controllers = program("own-controllers.ts", account);
    await controllers.says(/controllers: started/);
  };
  const cli = (...args: readonly string[]) => flyteops(args, { cwd: on.directory, env });
  /** A Run with the data of the one that git declares. */
  const create = async (name: string, workflow: string) => {
    const first = await find<Run>(client, RunKind, { namespace: NAMESPACE, name: "penguins-first" });
    const { dataset } = (first?.spec.inputs ?? {}) as Record<string, unknown>;
    const spec = { workflow, inputs: { dataset } };
    await client.create(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name, namespace: NAMESPACE }, spec } as KubeObject);
  };

  before(async function () {
    this.timeout(120_000);
    mkdirSync(on.path("state"));
    access = await clusterTransport({ kubeconfig: [kubeconfig] });
    client = apiClient(access.transport);
    // The programs of the installation run as processes of this machine, and its object store is a directory.
    const manifests = await installation(on.directory, { config: { storage: { type: "s3", container: "elsewhere" } } }, { env });
    const facts = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "flyteops", namespace: SYSTEM },
      data: { storage: pathToFileURL(on.path("state/objects")).href, version: "cluster" },
    };
    await kubectl.apply([...manifests.filter(({ kind }) => !["Deployment", "PersistentVolumeClaim"].includes(kind)), facts]);
    await kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=60s");
    account = await asAccount(kubectl, kubeconfig, "flyteops-controller", on.path("account.kubeconfig"));
    const node = program("own-node.ts", kubeconfig, "--image", `flyteops:dev=${ownImage(on)}`);
    on.defer(() => node.stop("SIGTERM"));
    await startControllers();
    on.defer(() => controllers.stop("SIGTERM"));
    const repository = penguins(on.path("penguins"));
    await client.create(GitSyncKind, {
      apiVersion: "flyte.org/v1",
      kind: "GitSync",
      metadata: { name: "platform", namespace: SYSTEM },
      spec: { url: `file://${repository.path}` },
    } as KubeObject);
  });

  after(async function () {
    this.timeout(60_000);
    await on.clear();
    await access?.close();
  });

  it("runs what git declares: the penguins example, to its outputs", async () => {
    const run = await ending(client, { namespace: NAMESPACE, name: "penguins-first" });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    const { out } = await expectExit(0, cli("get", "run", "penguins-first", "-n", NAMESPACE, "-o", "json"));
    assert.equal(at(JSON.parse(out), "status.phase"), "Succeeded");
  });

  it("tells the failure node of a workflow that fails, and says what failed", async () => {
    await create("broken", "penguins-broken");
    const run = await ending(client, { namespace: NAMESPACE, name: "broken" });
    assert.equal(run.status?.phase, "Failed");
    const { items } = await client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE, labelSelector: "flyte.org/run=broken" });
    assert.ok(
      items.some(({ spec, status }) => spec.task === "tell" && status?.phase === "Succeeded"),
      JSON.stringify(items.map(({ spec, status }) => [spec.task, status?.phase])),
    );
  });

  it("ends a Run that is aborted, and its pods", async () => {
    await create("unwanted", "penguins");
    await running(client, { namespace: NAMESPACE, name: "unwanted" });
    await expectExit(0, cli("abort", "unwanted", "-n", NAMESPACE));
    const run = await ending(client, { namespace: NAMESPACE, name: "unwanted" });
    assert.equal(run.status?.phase, "Aborted");
    await eventually(
      "no pod of the run is left running",
      async () =>
        (await client.list<KubeObject & { status?: { phase?: string } }>(Kinds.Pod, { namespace: NAMESPACE, labelSelector: "flyte.org/run=unwanted" })).items,
      (pods) => pods.every(({ status }) => status?.phase === "Succeeded" || status?.phase === "Failed"),
    );
  });

  it("loses no Run and runs nothing twice when its controllers are killed in the middle", async () => {
    await create("interrupted", "penguins");
    await running(client, { namespace: NAMESPACE, name: "interrupted" });
    await controllers.stop("SIGKILL");
    await startControllers();
    const run = await ending(client, { namespace: NAMESPACE, name: "interrupted" });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    const { items } = await client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE, labelSelector: "flyte.org/run=interrupted" });
    const again = items.filter(({ status }) => (status?.attempts ?? 1) > 1);
    assert.deepEqual(
      again.map(({ metadata }) => metadata.name),
      [],
    );
  });
});

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], value);
}
