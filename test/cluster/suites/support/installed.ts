import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { GitSyncKind, ProjectKind, type Run, RunKind, type TaskAction, TaskActionKind, TaskKind } from "../../../../crds/index.ts";
import {
  apiClient,
  type ClusterAccess,
  clusterTransport,
  type KindRef,
  Kinds,
  type KubeObject,
  type ObjectClient,
  type Stored,
} from "../../../../kube/index.ts";
import { bench, NAMESPACE, type Product } from "../../../e2e/support/product.ts";
import { type Ended, expectExit, flyteops, root, start, startFlyteops } from "../../../e2e/support/program.ts";
import { services, values } from "./chart-values.ts";
import { makeFlows } from "./flows.ts";
import { kubectlOf, SYSTEM } from "./installation.ts";
import { oncePerTier } from "./once-per-tier.ts";
import { ending, find, running, sees } from "./seen.ts";

export { NAMESPACE };
export const CHART = join(root, "charts/flyteops-core");
export const SINGLE_CHART = join(root, "charts/flyteops");
/** What helm may take for a step; none takes half as long. */
const PATIENCE = "3m";

export type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly lastState?: { readonly terminated?: { readonly exitCode: number } };
    }[];
  };
};
type Lease = KubeObject & { readonly spec?: { readonly holderIdentity?: string } };

const secret = (namespace: string, name: string, stringData: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  stringData,
});

/** flyteops in the cluster of the node tier, as its administrator and a person with keys of the object store see it. One for all suites of a process. */
export class Installed {
  readonly on = bench();
  readonly kubeconfig = process.env["KUBECONFIG"] ?? "";
  private readonly env = { ...this.on.env, KUBECONFIG: this.kubeconfig };
  private readonly keys = { AWS_ACCESS_KEY_ID: services.objects?.id, AWS_SECRET_ACCESS_KEY: services.objects?.secret };
  /** The environment of whoever has the keys of the object store. */
  readonly person = { ...this.env, ...this.keys, AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: services.objects?.endpoint };
  readonly kubectl = kubectlOf(this.on.directory, { env: this.env });
  readonly claims: KindRef = { group: "", version: "v1", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", namespaced: true };
  readonly values = this.on.path("values.yaml");
  private access: ClusterAccess | undefined;
  private laid: Promise<void> | undefined;
  private made: Promise<void> | undefined;
  client!: ObjectClient;

  /** Installs the chart and follows a repository, once for all who ask, in whichever process. */
  ready(): Promise<void> {
    return (this.made ??= this.make());
  }

  /** What an installation needs beside its chart, once for all who ask: a namespace, Secrets, a repository. */
  prepared(): Promise<void> {
    return (this.laid ??= this.prepare());
  }

  private async prepare(): Promise<void> {
    this.access = await clusterTransport({ kubeconfig: [this.kubeconfig] });
    this.client = apiClient(this.access.transport);
    writeFileSync(this.values, stringify(values()));
    await oncePerTier("prepared", async () => {
      await this.makeSecrets();
      makeFlows(join(services.git.repositories, "flows"));
    });
  }

  private async make(): Promise<void> {
    await this.prepared();
    await oncePerTier("installed", async () => {
      await this.helm("install", "flyteops", CHART, "--values", this.values, "--wait", "--timeout", PATIENCE);
      await this.follow();
      await this.giveKeys(NAMESPACE);
    });
  }

  private async makeSecrets(): Promise<void> {
    const authority = readFileSync(services.authority, "utf8");
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await this.kubectl.apply([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: SYSTEM, labels } },
      secret(SYSTEM, "flyteops-storage", this.keys),
      secret(SYSTEM, "flyteops-database", { password: services.database.password, "ca.crt": authority }),
      secret(SYSTEM, "git", { username: "reader", password: "nobody asks", "ca.crt": authority }),
    ]);
  }

  /** The penguins example and the tasks of the end-to-end suites, in one repository that asks for a certificate authority and a password. Until its tasks are there. */
  async follow(): Promise<void> {
    await this.createSync("platform", "flows", "5s");
    await sees(this.client, ProjectKind, { name: "ml" }, () => true);
    await sees(this.client, Kinds.Namespace, { name: NAMESPACE }, () => true);
    await this.kubectl("label", "namespace", NAMESPACE, "--overwrite", "pod-security.kubernetes.io/enforce=restricted");
    await sees(this.client, TaskKind, { namespace: NAMESPACE, name: "zero" }, () => true);
  }

  async createSync(name: string, repository: string, interval: string): Promise<void> {
    const spec = { url: `${services.git.url}/${repository}/.git`, ref: { branch: "main" }, secretRef: { name: "git" }, interval };
    await this.client.create(GitSyncKind, { apiVersion: "flyte.org/v1", kind: "GitSync", metadata: { name, namespace: SYSTEM }, spec } as KubeObject);
  }

  /** Lets the Runs of a namespace into the object store. */
  async giveKeys(namespace: string): Promise<void> {
    await this.kubectl.apply([secret(namespace, "flyteops-storage", this.keys)]);
  }

  /** `helm …` for a release in the namespace of the installation. */
  async helm(...args: readonly string[]): Promise<string> {
    return (await expectExit(0, start("helm", [...args, "--namespace", SYSTEM], { env: this.env, cwd: root }).ended)).out;
  }

  /** Takes everything of flyteops out of the cluster. */
  async uninstall(): Promise<void> {
    const { ended } = startFlyteops(["uninstall", "--yes", "--timeout", "4m"], { cwd: this.on.directory, env: this.person });
    await expectExit(0, ended);
  }

  /** A volume of the node's own disk, for whoever claims one of the class `local`. */
  async makeVolume(): Promise<void> {
    const path = join(process.env["FLYTEOPS_CLUSTER_DIRECTORY"] ?? "", "volume");
    mkdirSync(path);
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] }] };
    const spec = {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "local",
      local: { path },
      nodeAffinity: { required },
    };
    await this.kubectl.apply([{ apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "database" }, spec }]);
  }

  async upgrade(chart: string, ...more: readonly string[]): Promise<void> {
    await this.helm("upgrade", "flyteops", chart, "--values", this.values, "--wait", "--timeout", PATIENCE, ...more);
  }

  /** `flyteops …`, whatever its end. */
  cli(...args: readonly string[]): Promise<Ended> {
    return flyteops(args, { cwd: this.on.directory, env: this.person });
  }

  /** As the end-to-end suites know a product: its command line speaks of the namespace of the project. */
  product(): Pick<Product, "client" | "cli" | "run"> {
    return {
      client: this.client,
      cli: (...args) => this.cli(...args, "--namespace", NAMESPACE),
      run: async ({ name, spec }) => {
        await this.createRun(name, spec);
        return ending(this.client, at(name));
      },
    };
  }

  async createRun(name: string, spec: object): Promise<void> {
    await this.client.create(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name, namespace: NAMESPACE }, spec } as KubeObject);
  }

  /** A Run of a workflow of the example, with the data that its first Run in git has: ten pods that calculate. */
  async createPenguins(name: string, workflow = "penguins"): Promise<void> {
    const first = await find<Run>(this.client, RunKind, { namespace: NAMESPACE, name: "penguins-first" });
    const { dataset } = (first?.spec.inputs ?? {}) as Record<string, unknown>;
    await this.createRun(name, { workflow, inputs: { dataset } });
  }

  /** A Run of four pods, once it is under way: it goes on for some twenty seconds. */
  async startSteps(name: string): Promise<void> {
    await this.createRun(name, { workflow: "steps" });
    await running(this.client, at(name));
  }

  async podsOf(run: string): Promise<Stored<Pod>[]> {
    return [...(await this.client.list<Pod>(Kinds.Pod, { namespace: NAMESPACE, labelSelector: `flyte.org/run=${run}` })).items];
  }

  async actionsOf(run: string): Promise<Stored<TaskAction>[]> {
    return [...(await this.client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE, labelSelector: `flyte.org/run=${run}` })).items];
  }

  systemPod(name: string): Promise<Stored<Pod> | undefined> {
    return find<Pod>(this.client, Kinds.Pod, { namespace: SYSTEM, name });
  }

  /** The pod that has the Lease of the controllers; empty: none. */
  async holder(): Promise<string> {
    const lease = await find<Lease>(this.client, Kinds.Lease, { namespace: SYSTEM, name: "flyteops-controller-0" });
    return (lease?.spec?.holderIdentity ?? "").replace(/_[^_]*$/, "");
  }

  async close(): Promise<void> {
    await this.access?.close();
    await this.on.clear();
  }
}

export const installed = new Installed();
after(function () {
  this.timeout(60_000);
  return installed.close();
});
export const at = (name: string) => ({ namespace: NAMESPACE, name });
