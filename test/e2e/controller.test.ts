import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installKinds } from "../../cmd/up/bootstrap.ts";
import { type ProjectQuota, ProjectQuotaKind } from "../../crds/index.ts";
import { apiClient, type ClusterAccess, clusterTransport, conditionOf, Kinds, type KubeObject, type ObjectClient } from "../../kube/index.ts";
import { type EmbeddedCluster, embeddedCluster } from "../conformance/support/embedded.ts";
import { environment, expectExit, flyteops, type Program, startFlyteops } from "./support/program.ts";

/** As short as the rules of the configuration allow. */
const LEASES = ["--controller.leaderElection.leaseDuration", "3s", "--controller.leaderElection.renewDeadline", "1s"];
const RETRY = ["--controller.leaderElection.retryPeriod", "300ms"];

describe("flyteops controller, two replicas of it", function () {
  this.timeout(60_000);
  let cluster: EmbeddedCluster;
  let access: ClusterAccess;
  let client: ObjectClient;
  const directory = mkdtempSync(join(tmpdir(), "flyteops-controller-"));
  const running: Program[] = [];

  before(async () => {
    cluster = await embeddedCluster();
    access = await clusterTransport({ kubeconfig: [cluster.kubeconfig] });
    client = apiClient(access.transport);
    await installKinds(client);
    for (const name of ["flyteops-system", "ml-development"]) await client.create(Kinds.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  });
  after(async () => {
    await Promise.all(running.map((program) => program.stop("SIGKILL")));
    await access.close();
    await cluster.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** No database answers: that keeps a replica from being ready, not from working. */
  function configFile(name: string, level: string): string {
    const path = join(directory, `${name}.yaml`);
    const server = "server: {healthAddress: '127.0.0.1:0', metricsAddress: ''}";
    const database = "database: {postgres: {host: 127.0.0.1, port: 1, options: sslmode=disable}}";
    writeFileSync(
      path,
      `${server}\n${database}\nstorage: {directory: ${directory}/objects}\ngitops: {stateDirectory: ${directory}}\nlogger: {level: ${level}}\n`,
    );
    return path;
  }

  function replica(name: string): Program {
    const env = environment(directory, { KUBECONFIG: cluster.kubeconfig, POD_NAME: name });
    const program = startFlyteops(["controller", "--config", configFile(name, "info"), "--controllers", "quota,definition", ...LEASES, ...RETRY], { env });
    running.push(program);
    return program;
  }

  const holder = async (): Promise<string> => {
    const lease = await client.get<KubeObject & { spec?: { holderIdentity?: string } }>(Kinds.Lease, {
      namespace: "flyteops-system",
      name: "flyteops-controller-0",
    });
    return (lease.spec?.holderIdentity ?? "").replace(/_.*/, "");
  };

  /** Makes a quota and waits until a controller has said something about it. */
  async function isWorkedOn(maxConcurrent: number): Promise<void> {
    const ref = { namespace: "ml-development", name: "default" };
    const quota = { apiVersion: "flyte.org/v1", kind: "ProjectQuota", metadata: ref, spec: { runs: { maxConcurrent } } };
    const { metadata } = await client.patch<ProjectQuota>(ProjectQuotaKind, ref, { type: "apply", body: quota, force: true }, { fieldManager: "test" });
    for await (const event of client.watch<ProjectQuota>(ProjectQuotaKind, { resourceVersion: "0", signal: AbortSignal.timeout(20_000) })) {
      if (event.type === "BOOKMARK") continue;
      if (conditionOf(event.object, "Ready")?.observedGeneration === metadata.generation) return;
    }
    assert.fail("nobody worked on it");
  }

  it("work one at a time: stopped, the next goes on at once; paused, it goes on after the lease, and the paused one ends without a write", async () => {
    const first = replica("first");
    await first.says(/shard acquired/);
    const second = replica("second");
    await second.says(/flyteops controller starts/);
    await isWorkedOn(1);
    assert.equal(await holder(), "first");

    process.kill(first.pid, "SIGSTOP");
    await second.says(/shard acquired/);
    await isWorkedOn(2);
    process.kill(first.pid, "SIGCONT");
    const ended = await expectExit(1, first.ended);
    assert.match(ended.err, /lease of shard 0 was lost/);
    assert.equal(await holder(), "second");

    const third = replica("third");
    await third.says(/flyteops controller starts/);
    await expectExit(0, second.stop("SIGTERM"));
    await third.says(/shard acquired/);
    await isWorkedOn(3);
    await expectExit(0, third.stop("SIGTERM"));
    assert.equal(await holder(), "");
    // Of the one that lost its Lease a membership is left; the others took theirs along.
    const { items } = await client.list(Kinds.Lease, { namespace: "flyteops-system" });
    assert.equal(items.filter(({ metadata }) => metadata.name.includes("-member-")).length, 1);
  });

  it("take over a log level from their file while they run, and refuse what needs a restart", async () => {
    const program = replica("live");
    await program.says(/shard acquired/);
    writeFileSync(configFile("live", "debug"), "controller: {shards: 2}\n", { flag: "a" });
    await program.says(/configuration changed.*logger\.level/);
    await program.says(/needs a restart.*controller\.shards.*live\.yaml:6/);
    await expectExit(0, program.stop("SIGTERM"));
  });

  it("do not start with a configuration that is wrong, and say which key and where", async () => {
    const path = join(directory, "wrong.yaml");
    writeFileSync(path, "logger:\n  levle: info\n");
    const env = environment(directory, { KUBECONFIG: cluster.kubeconfig, FLYTEOPS_CONTROLLER__SHARDS: "none" });
    const { err } = await expectExit(2, flyteops(["controller", "--config", path], { env }));
    assert.match(err, /wrong\.yaml:2: logger\.levle: unknown field "levle" in logger: did you mean "level"\?/);
    assert.match(err, /FLYTEOPS_CONTROLLER__SHARDS: controller\.shards: shards must be a whole number/);
    const named = await expectExit(
      2,
      flyteops(["controller", "--config", configFile("named", "info"), "--controllers", "sink"], { env: environment(directory, {}) }),
    );
    assert.match(named.err, /there is no controller sink; there are sync, project/);
  });
});
