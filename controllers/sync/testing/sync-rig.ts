import { setMaxListeners } from "node:events";
import { digestJson, seededRandom, silentLogger } from "../../../base/index.ts";
import { type BlobStore, memoryStore } from "../../../blobs/index.ts";
import { type GitSync, GitSyncKind, ProjectKind, RunKind, TaskKind, WorkflowKind } from "../../../crds/index.ts";
import { memoryRemote, type MemoryRemote } from "../../../gitops/testing/memory-remote.ts";
import { conditionOf, ignoreNotFound, informerSet, type KindRef, Kinds, type KubeObject, type ObjectClient, type Stored } from "../../../kube/index.ts";
import type { FaultLine } from "../../../test/support/faults.ts";
import { type MemoryArchive, memoryArchive } from "../../../test/support/memory-archive.ts";
import { testCluster, type TestCluster } from "../../../test/support/test-cluster.ts";
import { settle } from "../../../test/support/virtual-clock.ts";
import { tenancyManifests } from "../../../synth/index.ts";
import { projectController } from "../../project/index.ts";
import { SYSTEM_NAMESPACE, syncController } from "../index.ts";

const KIND_OF: Readonly<Record<string, KindRef>> = { Task: TaskKind, Workflow: WorkflowKind, Run: RunKind, Project: ProjectKind, GitSync: GitSyncKind };

/** A cluster with the sync and project controllers, a repository, and a platform GitSync that follows it. */
export interface SyncRig {
  readonly cluster: TestCluster;
  readonly remote: MemoryRemote;
  readonly blobs: BlobStore;
  readonly archive: MemoryArchive;
  /** Every write of the sync controller, as `patch Task train`; those about Events are left out. */
  readonly writes: string[];
  /** Until nothing moves any more. Definitions are compiled in between, as the definition controller would. */
  quiet(): Promise<void>;
  sync(): Promise<Stored<GitSync>>;
  /** `Ready=True/Succeeded` */
  condition(type: string): Promise<string>;
  find(kind: string, name: string, namespace?: string): Promise<Stored | undefined>;
  /** Ends the controllers and starts new ones, as a restart does; what they ask goes through `line`. */
  restart(line?: FaultLine): Promise<void>;
  close(): Promise<void>;
}

export const NAMESPACE = "ml-development";

function noting(client: ObjectClient, writes: string[]): ObjectClient {
  const note = (verb: string, kind: KindRef, name = "") => {
    if (kind.kind !== "Event") writes.push(`${verb} ${kind.kind} ${name}`);
  };
  return {
    get: client.get.bind(client),
    list: client.list.bind(client),
    watch: client.watch.bind(client),
    replace: client.replace.bind(client),
    create(kind, object, how) {
      note("create", kind, object.metadata.name);
      return client.create(kind, object, how);
    },
    patch(kind, ref, patch, how) {
      note(how?.subresource === undefined ? "patch" : `patch/${how.subresource}`, kind, ref.name);
      return client.patch(kind, ref, patch, how);
    },
    delete(kind, ref, how) {
      note("delete", kind, ref.name);
      return client.delete(kind, ref, how);
    },
  };
}

/** What a Project gives the account of its syncs. */
async function bindTenant(client: ObjectClient, { namespace, account }: { namespace: string; account: string }): Promise<void> {
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flyte-sync" };
  const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
  const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { namespace, name: "flyte-sync" }, roleRef, subjects };
  await client.create(Kinds.RoleBinding, binding as KubeObject);
}

export async function syncRig(
  spec: Partial<GitSync["spec"]> = {},
  where: { namespace: string; account: string } = { namespace: SYSTEM_NAMESPACE, account: "flyteops-platform" },
): Promise<SyncRig> {
  const cluster = await testCluster({ namespaces: [...new Set([SYSTEM_NAMESPACE, where.namespace])] });
  const remote = memoryRemote();
  const blobs = memoryStore();
  const archive = memoryArchive();
  const writes: string[] = [];
  let stop = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  function start(line?: FaultLine): void {
    stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const deps = { clock: cluster.clock, random: seededRandom(7), logger: silentLogger };
    const own = informerSet({ ...deps, client: noting(line ? line.client(cluster.client) : cluster.client, writes) });
    const projects = informerSet({ ...deps, client: cluster.client });
    running = Promise.all([
      own.run(stop.signal),
      projects.run(stop.signal),
      syncController({ ...deps, informers: own, remote, blobs, records: line ? line.history(archive) : archive }).run(stop.signal),
      projectController({ ...deps, informers: projects }).run(stop.signal),
    ]);
  }
  async function end(): Promise<void> {
    stop.abort();
    await cluster.clock.advance(1);
    await running;
  }

  /** Says of every new generation that it is compiled. */
  async function compileAll(): Promise<void> {
    for (const kind of [TaskKind, WorkflowKind]) {
      for (const object of (await cluster.client.list(kind)).items) {
        const { name, namespace, generation } = object.metadata;
        const status = object["status"] as { observedGeneration?: number } | undefined;
        if (status?.observedGeneration === generation) continue;
        const body = { status: { observedGeneration: generation, plan: { digest: digestJson(object["spec"]) } } };
        await cluster.client.patch(kind, { namespace, name }, { type: "merge", body }, { subresource: "status" });
      }
    }
  }

  const rig: SyncRig = {
    cluster,
    remote,
    blobs,
    archive,
    writes,
    async quiet() {
      for (let round = 0; round < 4; round += 1) {
        await settle(150);
        await compileAll();
        await cluster.clock.advance(6_000);
        await settle(150);
      }
    },
    sync: () => cluster.client.get<GitSync>(GitSyncKind, { namespace: where.namespace, name: "main" }),
    async condition(type) {
      const found = conditionOf(await rig.sync(), type);
      return found ? `${type}=${found.status}/${found.reason}` : `${type} absent`;
    },
    find: (kind, name, namespace = NAMESPACE) =>
      cluster.client.get(KIND_OF[kind] ?? TaskKind, kind === "Project" ? { name } : { namespace, name }).catch(ignoreNotFound),
    async restart(line) {
      await end();
      start(line);
      await settle(100);
    },
    async close() {
      await end();
      await cluster.close();
    },
  };
  start();
  const account: KubeObject = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: where.account, namespace: where.namespace } };
  await cluster.client.create(Kinds.ServiceAccount, account);
  const roles = { ClusterRole: Kinds.ClusterRole, ClusterRoleBinding: Kinds.ClusterRoleBinding, Role: Kinds.Role, RoleBinding: Kinds.RoleBinding };
  for (const manifest of tenancyManifests("test")) await cluster.client.create(roles[manifest.kind as keyof typeof roles], manifest as KubeObject);
  if (where.namespace !== SYSTEM_NAMESPACE) await bindTenant(cluster.client, where);
  const sync = {
    apiVersion: "flyte.org/v1",
    kind: "GitSync",
    metadata: { name: "main", namespace: where.namespace },
    spec: { url: "file:///repository", ...spec },
  };
  await cluster.client.create(GitSyncKind, sync as KubeObject);
  await settle(100);
  return rig;
}
