import assert from "node:assert/strict";
import { stringify } from "yaml";
import { type Json, rfc3339Micro, seededRandom } from "../base/index.ts";
import { installationNeeds } from "../cmd/installation-needs.ts";
import { apiClient, Kinds, type KindRef, type KubeObject, type ObjectClient, type ObjectRef, type Stored } from "../kube/index.ts";
import { installation, type Manifest, parseValues } from "../synth/index.ts";
import { testCluster, type TestCluster } from "../test/support/test-cluster.ts";
import { tablesFinding } from "./archive/archive-finding.ts";
import { checkCluster } from "./checks.ts";
import type { CliDeps, Connection } from "./context.ts";
import { InstallationKinds } from "./installation-kinds.ts";

const NAMESPACE = "flyteops-system";
const { PersistentVolumeClaim, ...Installed } = InstallationKinds;
const KINDS: readonly KindRef[] = [...Object.values(Kinds), ...Object.values(Installed)];

describe("checking an installation", () => {
  let cluster: TestCluster;
  /** State of the volume of the embedded database: the API in memory has no volumes. */
  let volume: string;
  beforeEach(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    volume = "Bound";
  });
  afterEach(() => cluster.close());

  const silent = { write: () => undefined, isTty: false, columns: 0, rows: 0 };
  async function findings(as: Pick<TestCluster, "client" | "transport"> = cluster): Promise<string[]> {
    const client: ObjectClient = {
      ...as.client,
      get: <T extends KubeObject>(kind: KindRef, ref: ObjectRef) =>
        kind === PersistentVolumeClaim ? Promise.resolve({ status: { phase: volume } } as unknown as Stored<T>) : as.client.get<T>(kind, ref),
    };
    const connection: Connection = { client, transport: as.transport, namespace: "default", namespaceGiven: false, source: "here" };
    const deps: CliDeps = {
      clock: cluster.clock,
      random: seededRandom(1),
      out: silent,
      err: silent,
      env: {},
      cwd: "/",
      signal: new AbortController().signal,
      version: "1.2.3",
      installationNeeds: async () => installationNeeds,
    };
    return (await checkCluster(deps, connection)).map(({ level, subject, message }) => `${level} ${subject}: ${message}`);
  }
  async function apply(manifest: KubeObject | Manifest): Promise<void> {
    const kind = KINDS.find(
      (each) => each.kind === manifest.kind && manifest.apiVersion === (each.group === "" ? each.version : `${each.group}/${each.version}`),
    );
    if (!kind) return;
    const { name, namespace } = manifest.metadata;
    await cluster.client.patch(kind, { name: name!, namespace }, { type: "apply", body: manifest, force: true }, { fieldManager: "test" });
  }
  async function install(config: Json): Promise<void> {
    const { values, problems } = parseValues("single", { config });
    assert.deepEqual(problems, []);
    for (const manifest of installation({ flavour: "single", values, needs: installationNeeds, version: "1.2.3" })) await apply(manifest);
  }
  const run = (availableReplicas: number) =>
    cluster.client.patch(
      InstallationKinds.Deployment,
      { namespace: NAMESPACE, name: "flyteops-controller" },
      { type: "merge", body: { status: { availableReplicas, readyReplicas: availableReplicas, replicas: availableReplicas } } },
      { subresource: "status" },
    );
  const lease = (renewedAt: number) =>
    apply({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "flyteops-controller-0", namespace: NAMESPACE },
      spec: { holderIdentity: "pod-a", renewTime: rfc3339Micro(renewedAt) },
    } as KubeObject);
  const says = (all: readonly string[], words: RegExp): void =>
    assert.ok(
      all.some((each) => words.test(each)),
      `${String(words)} is not among\n${all.join("\n")}`,
    );

  it("finds nothing wrong where everything is there", async () => {
    await install({ storage: { container: "b" } });
    await run(1);
    await lease(cluster.clock.now());
    const all = await findings();
    assert.deepEqual(
      all.filter((each) => !each.startsWith("ok")),
      [],
    );
    says(all, /^ok program flyteops-controller: 1 of 1 replicas available, version 1\.2\.3$/);
    says(all, /^ok archive: in the pod of flyteops-controller, on the volume flyteops-data$/);
    says(all, /^ok lease flyteops-controller: held by pod-a$/);
    says(all, /^ok rights of flyteops-controller: has all \d+$/);
    says(all, /^ok read-only API: in the pod of flyteops-controller, at flyteops-api\.flyteops-system:8090$/);
    says(all, /^ok rights of flyteops-api: has all 6$/);
  });

  it("names Secrets and keys that the configuration reads and nobody made", async () => {
    await install({
      storage: { container: "b", connection: { "auth-type": "accesskey" } },
      database: { embedded: false, postgres: { host: "127.0.0.1", port: 1 } },
    });
    await apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "flyteops-storage", namespace: NAMESPACE },
      data: { AWS_ACCESS_KEY_ID: "eA==" },
    } as KubeObject);
    const all = await findings();
    says(all, /^problem secret flyteops-database: it is not there; the password of PostgreSQL/);
    says(all, /^ok secret flyteops-storage: has AWS_ACCESS_KEY_ID$/);
    says(all, /^problem secret flyteops-storage: it has no key AWS_SECRET_ACCESS_KEY/);
    says(all, /^warning archive: 127\.0\.0\.1:1\/flyteops does not answer from here, which need not be wrong: .*ECONNREFUSED/);
  });

  it("looks for the Secret that is to be copied into the namespaces of Projects", async () => {
    await install({ storage: { container: "b", secretName: "for-tasks", copySecret: "projects" } });
    says(await findings(), /^problem secret for-tasks: it is not there; Projects get a copy of it \(storage\.copySecret\)$/);
    await apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "for-tasks", namespace: NAMESPACE } } as KubeObject);
    says(await findings(), /^ok secret for-tasks: is there, to be copied into the namespaces of Projects$/);
  });

  it("says of the tables of an archive whether this program and they are of one version", () => {
    const said = (applied: number) => tablesFinding("pg:5432/flyteops", { applied, known: 2 });
    assert.deepEqual(
      [0, 1, 2, 3].map((applied) => `${said(applied).level}: ${said(applied).message}`),
      [
        "problem: there are no tables at pg:5432/flyteops",
        "problem: the tables are of an older flyteops at pg:5432/flyteops",
        "ok: pg:5432/flyteops answers, its tables are up to date",
        "warning: the tables at pg:5432/flyteops are of a newer flyteops than this program",
      ],
    );
  });

  it("says when no controller works: no replica, no lease, a lease that nobody renews", async () => {
    await install({ storage: { container: "b" } });
    volume = "Pending";
    let all = await findings();
    says(all, /^problem archive: .*on the volume flyteops-data, which is Pending$/);
    says(all, /^problem program flyteops-controller: 0 of 1 replicas available/);
    says(all, /^problem lease flyteops-controller: nobody has ever held one/);
    await lease(cluster.clock.now() - 120_000);
    all = await findings();
    says(all, /^problem lease flyteops-controller: nobody has renewed one lately/);
  });

  it("names keys of the configuration that are wrong, and rights that are missing", async () => {
    await install({ storage: { container: "b" } });
    const body = { data: { "config.yaml": stringify({ logger: { level: "loud" } }) } };
    await cluster.client.patch(Kinds.ConfigMap, { namespace: NAMESPACE, name: "flyteops-config" }, { type: "merge", body });
    await cluster.client.delete(Kinds.ClusterRoleBinding, { name: "flyteops-controller" });
    const all = await findings();
    says(all, /^problem configuration: logger\.level: /);
    says(all, /^problem rights of flyteops-controller: lacks create events, /);
  });

  it("names a kind of another version, and says when Flyte 2 is there", async () => {
    await install({ storage: { container: "b" } });
    const label = (name: string, labels: object) =>
      cluster.client.patch(Kinds.CustomResourceDefinition, { name }, { type: "merge", body: { metadata: { labels } } });
    await label("runs.flyte.org", { "app.kubernetes.io/version": "0.9.0" });
    says(await findings(), /^warning kind runs\.flyte\.org: is of version 0\.9\.0; this program is 1\.2\.3$/);
    await label("taskactions.flyte.org", { "app.kubernetes.io/part-of": null });
    says(await findings(), /^problem kinds: taskactions\.flyte\.org is in this cluster and not from flyteops: Flyte 2 is installed/);
  });

  it("looks at what somebody without rights may see, and says what not", async () => {
    await install({ storage: { container: "b" } });
    const transport = cluster.as({ name: "carol", groups: ["system:authenticated"] });
    const all = await findings({ ...cluster, transport, client: apiClient(transport) });
    says(all, /^warning kinds: you may not look at CustomResourceDefinitions/);
    says(all, /^ok object store: s3:\/\/b$/);
  });

  it("says nothing of programs where flyteops up runs: they are in its own process", async () => {
    assert.deepEqual(
      (await findings()).filter((each) => /program|lease|rights|configuration/.test(each)),
      [],
    );
  });
});
