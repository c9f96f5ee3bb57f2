import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { GitSyncKind, ProjectKind, type Run, RunKind, type TaskAction, TaskActionKind } from "../../../crds/index.ts";
import { apiClient, type ClusterAccess, clusterTransport, type KindRef, Kinds, type KubeObject, type ObjectClient } from "../../../kube/index.ts";
import { bench } from "../../e2e/support/product.ts";
import { expectExit, flyteops, root, start } from "../../e2e/support/program.ts";
import { penguins } from "../../e2e/support/repository.ts";
import type { Services } from "../node/services.ts";
import { processesOf } from "./support/pod-processes.ts";
import { kubectlOf, SYSTEM } from "./support/installation.ts";
import { ending, eventually, find, running, sees } from "./support/seen.ts";

const NAMESPACE = "ml-development";
const services = JSON.parse(process.env["FLYTEOPS_CLUSTER_SERVICES"] ?? "{}") as Services;
const [, repository = "", tag = ""] = /^(.*):([^:]+)$/.exec(process.env["FLYTEOPS_CLUSTER_IMAGE"] ?? "") ?? [];

type Pod = KubeObject & { readonly spec: { readonly containers: readonly { readonly image: string }[] }; readonly status?: { readonly phase?: string } };
type Lease = KubeObject & { readonly spec?: { readonly holderIdentity?: string } };

const LeaseKind: KindRef = { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true };

/** Values of the chart: two replicas each, this tier's servers, everything by TLS that can. */
function values(): object {
  const { database, objects } = services;
  const secrets = "/etc/flyteops/secrets";
  return {
    image: { repository, tag, pullPolicy: "Never" },
    config: {
      storage: {
        type: "s3",
        container: objects.bucket,
        secretName: "flyteops-storage",
        connection: {
          endpoint: objects.endpoint,
          "auth-type": "accesskey",
          accessKeyPath: `${secrets}/storage/AWS_ACCESS_KEY_ID`,
          secretKeyPath: `${secrets}/storage/AWS_SECRET_ACCESS_KEY`,
          "disable-ssl": true,
        },
      },
      database: {
        embedded: false,
        postgres: {
          host: database.host,
          port: database.port,
          dbname: database.name,
          username: database.user,
          passwordPath: `${secrets}/database/password`,
          rootCertPath: `${secrets}/database/ca.crt`,
        },
      },
      plugins: { k8s: { "run-as-user": 65_532, "fs-group": 65_532 } },
    },
  };
}

describe("installed by its chart on a real cluster", function () {
  const on = bench();
  const kubeconfig = process.env["KUBECONFIG"] ?? "";
  const env = { ...on.env, KUBECONFIG: kubeconfig };
  const kubectl = kubectlOf(on.directory, { env });
  let access: ClusterAccess | undefined;
  let client: ObjectClient;

  /** A person has keys of their own for the object store. */
  const keys = { AWS_ACCESS_KEY_ID: services.objects.id, AWS_SECRET_ACCESS_KEY: services.objects.secret };
  const person = { ...env, ...keys, AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: services.objects.endpoint };
  const cli = (...args: readonly string[]) => flyteops(args, { cwd: on.directory, env: person });
  const helm = (...args: readonly string[]) => expectExit(0, start("helm", [...args, "--namespace", SYSTEM], { env, cwd: root }).ended);
  const secret = (namespace: string, name: string, data: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    stringData: data,
  });
  const create = async (name: string, workflow: string) => {
    const first = await find<Run>(client, RunKind, { namespace: NAMESPACE, name: "penguins-first" });
    const { dataset } = (first?.spec.inputs ?? {}) as Record<string, unknown>;
    const spec = { workflow, inputs: { dataset } };
    await client.create(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name, namespace: NAMESPACE }, spec } as KubeObject);
  };
  const at = (name: string) => ({ namespace: NAMESPACE, name });
  const podsOf = async (run: string) => (await client.list<Pod>(Kinds.Pod, { namespace: NAMESPACE, labelSelector: `flyte.org/run=${run}` })).items;
  const actionsOf = async (run: string) =>
    (await client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE, labelSelector: `flyte.org/run=${run}` })).items;
  const ranOnce = async (run: string) => {
    const again = (await actionsOf(run)).filter(({ status }) => (status?.attempts ?? 1) > 1);
    assert.deepEqual(
      again.map(({ metadata, status }) => [metadata.name, status?.attempts]),
      [],
    );
  };

  /** The pod that has the Lease of the controllers. */
  const holder = async (): Promise<string> => {
    const lease = await find<Lease>(client, LeaseKind, { namespace: SYSTEM, name: "flyteops-controller-0" });
    return /^(.*)_[^_]*$/.exec(lease?.spec?.holderIdentity ?? "")?.[1] ?? "";
  };

  before(async function () {
    this.timeout(240_000);
    access = await clusterTransport({ kubeconfig: [kubeconfig] });
    client = apiClient(access.transport);
    const authority = readFileSync(services.authority, "utf8");
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: SYSTEM, labels: { "pod-security.kubernetes.io/enforce": "restricted" } } };
    await kubectl.apply([
      namespace,
      secret(SYSTEM, "flyteops-storage", keys),
      secret(SYSTEM, "flyteops-database", { password: services.database.password, "ca.crt": authority }),
      secret(SYSTEM, "git", { username: "reader", password: "nobody asks", "ca.crt": authority }),
    ]);
    writeFileSync(on.path("values.yaml"), stringify(values()));
    await helm("install", "flyteops", join(root, "charts/flyteops-core"), "--values", on.path("values.yaml"), "--wait", "--timeout", "3m");
  });

  after(async function () {
    this.timeout(60_000);
    await access?.close();
    await on.clear();
  });

  it("passes its own check", async () => {
    await expectExit(0, cli("check"));
  });

  it("runs what git declares in pods of their own, under restricted Pod Security", async function () {
    this.timeout(240_000);
    penguins(join(services.git.repositories, "flows"));
    const spec = { url: `${services.git.url}/flows/.git`, secretRef: { name: "git" }, interval: "5s" };
    await client.create(GitSyncKind, { apiVersion: "flyte.org/v1", kind: "GitSync", metadata: { name: "platform", namespace: SYSTEM }, spec } as KubeObject);
    await sees(client, ProjectKind, { name: "ml" }, () => true);
    await sees(client, Kinds.Namespace, { name: NAMESPACE }, () => true);
    await kubectl.apply([secret(NAMESPACE, "flyteops-storage", keys)]);
    await kubectl("label", "namespace", NAMESPACE, "--overwrite", "pod-security.kubernetes.io/enforce=restricted");
    const run = await ending(client, at("penguins-first"));
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    const { out } = await expectExit(0, cli("outputs", "penguins-first", "-n", NAMESPACE));
    assert.match(out, /accuracy|page|report/);
  });

  it("shows a pod's log through kubectl and through our own command line", async () => {
    const [pod] = await podsOf("penguins-first");
    const text = await kubectl("logs", "-n", NAMESPACE, pod?.metadata.name ?? "", "-c", "main");
    const { out } = await expectExit(0, cli("logs", "penguins-first", "-n", NAMESPACE));
    assert.ok(out.length > 0 && typeof text === "string");
  });

  it("runs the failure node of a workflow that fails", async function () {
    this.timeout(180_000);
    await create("broken", "penguins-broken");
    const run = await ending(client, at("broken"));
    assert.equal(run.status?.phase, "Failed");
    const tell = (await actionsOf("broken")).find(({ spec }) => spec.task === "tell");
    assert.equal(tell?.status?.phase, "Succeeded");
  });

  it("ends the pods of a Run that is aborted", async function () {
    this.timeout(180_000);
    await create("unwanted", "penguins");
    await running(client, at("unwanted"));
    await expectExit(0, cli("abort", "unwanted", "-n", NAMESPACE));
    assert.equal((await ending(client, at("unwanted"))).status?.phase, "Aborted");
    await eventually(
      "no pod is left",
      () => podsOf("unwanted"),
      (pods) => pods.every(({ status }) => status?.phase === "Succeeded" || status?.phase === "Failed"),
    );
  });

  it("loses no Run and repeats no action when the controller that works is killed", async function () {
    this.timeout(240_000);
    await create("orphaned", "penguins");
    await running(client, at("orphaned"));
    for (const pid of processesOf(await holder())) process.kill(pid, "SIGKILL");
    const run = await ending(client, at("orphaned"));
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    await ranOnce("orphaned");
  });

  it("has one writer at a time: a controller that hung until another took over does nothing when it wakes", async function () {
    this.timeout(300_000);
    await create("hung", "penguins");
    await running(client, at("hung"));
    const before = await holder();
    const pids = processesOf(before);
    assert.ok(pids.length > 0, `no process of ${before}`);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      await eventually("another replica has the Lease", holder, (now) => now !== "" && now !== before);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    const run = await ending(client, at("hung"));
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    await ranOnce("hung");
  });

  it("is upgraded by helm while a Run is in flight", async function () {
    this.timeout(300_000);
    await create("in-flight", "penguins");
    await running(client, at("in-flight"));
    await helm(
      "upgrade",
      "flyteops",
      join(root, "charts/flyteops-core"),
      "--values",
      on.path("values.yaml"),
      "--set",
      "controller.podAnnotations.upgrade=now",
      "--wait",
      "--timeout",
      "3m",
    );
    const run = await ending(client, at("in-flight"));
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    await ranOnce("in-flight");
  });
});
