import { LABEL } from "../../base/index.ts";
import {
  allKinds,
  type GitSync,
  GitSyncKind,
  type Project,
  ProjectKind,
  type ProjectQuota,
  ProjectQuotaKind,
  type Task,
  TaskKind,
  type Workflow,
  WorkflowKind,
} from "../../crds/index.ts";
import { type DefinitionElsewhere, type NamespaceState } from "../../gitops/index.ts";
import {
  ignoreNotFound,
  type Informer,
  type InformerSet,
  isTrue,
  type KindRef,
  Kinds,
  type KubeObject,
  type ObjectClient,
  type Stored,
} from "../../kube/index.ts";

/** The kinds that a repository may hold. */
export const SYNCED_KINDS: readonly KindRef[] = allKinds.filter(({ kind }) => kind !== "TaskAction");

/** The kinds that a repository is checked against although it may not hold them. */
const CONSULTED = [TaskKind, WorkflowKind, ProjectKind, ProjectQuotaKind] as const;

/** Calls to the API in flight at once, in one pass of one sync. */
export const PARALLEL_CALLS = 16;

const KIND_BY_NAME: ReadonlyMap<string, KindRef> = new Map(SYNCED_KINDS.map((kind) => [kind.kind, kind]));

export function kindNamed(name: string): KindRef {
  const kind = KIND_BY_NAME.get(name);
  if (!kind) throw new Error(`no repository holds a ${name}`);
  return kind;
}

interface Identity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What the sync sees of the cluster: caches for the many objects that rest, fresh reads for the few that do not. */
export interface ClusterView {
  /** By `Kind/namespace/name`; without managedFields. */
  cached(key: string): Stored | undefined;
  /** Straight from the API, managedFields included. */
  fresh(identity: Identity): Promise<Stored | undefined>;
  namespace(name: string): NamespaceState;
  namespaceObject(name: string): Stored | undefined;
  syncExists(uid: string): boolean;
  /** Definitions that repositories of this sync may use without holding them. */
  definitionsElsewhere(sync: Stored<GitSync>): readonly DefinitionElsewhere[];
  informerOf(kind: KindRef): Informer;
}

export function clusterView(informers: InformerSet, client: ObjectClient): ClusterView {
  const caches = new Map<string, Informer>(SYNCED_KINDS.map((kind) => [kind.kind, informers.of({ kind })]));
  const namespaces = informers.of({ kind: Kinds.Namespace });
  const syncs = informers.of<GitSync>({ kind: GitSyncKind });
  const cacheOf = (kind: string): Informer => {
    const cache = caches.get(kind);
    if (!cache) throw new Error(`no repository holds a ${kind}`);
    return cache;
  };
  const elsewhere = (sync: Stored<GitSync>, kind: DefinitionElsewhere["kind"]): DefinitionElsewhere[] =>
    (cacheOf(kind).list() as (Stored<Task> | Stored<Workflow> | Stored<Project> | Stored<ProjectQuota>)[])
      .filter(({ metadata }) => metadata.labels?.[LABEL.syncUid] !== sync.metadata.uid && metadata.deletionTimestamp === undefined)
      .map(({ metadata, spec }) => ({
        kind,
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        spec: spec as unknown as DefinitionElsewhere["spec"],
        version: `${metadata.uid}/${metadata.generation}`,
      }));
  return {
    cached(key) {
      const [kind = "", namespace = "", name = ""] = key.split("/");
      return caches.get(kind)?.get(namespace === "" ? name : `${namespace}/${name}`);
    },
    fresh: ({ kind, namespace, name }) => client.get(kindNamed(kind), { name, ...(namespace === "" ? {} : { namespace }) }).catch(ignoreNotFound),
    namespace: (name) => namespaceState(namespaces.get(name), (project) => cacheOf("Project").get(project)),
    namespaceObject: (name) => namespaces.get(name),
    syncExists: (uid) => syncs.list().some(({ metadata }) => metadata.uid === uid),
    definitionsElsewhere: (sync) => CONSULTED.flatMap(({ kind }) => elsewhere(sync, kind)),
    informerOf: (kind) => (kind.kind === "Namespace" ? namespaces : cacheOf(kind.kind)),
  };
}

/** A namespace of a project is ready when the Project says so: then its accounts and roles are there too. */
function namespaceState(namespace: KubeObject | undefined, projectNamed: (name: string) => KubeObject | undefined): NamespaceState {
  if (!namespace) return "absent";
  if (namespace.metadata.deletionTimestamp !== undefined) return "terminating";
  const name = namespace.metadata.labels?.[LABEL.project];
  const project = name === undefined ? undefined : projectNamed(name);
  if (!project) return "ready";
  const listed = (project["status"] as { namespaces?: readonly string[] } | undefined)?.namespaces ?? [];
  return isTrue(project, "Ready") || listed.includes(namespace.metadata.name ?? "") ? "ready" : "absent";
}
