import { ANNOTATION, FINALIZER, LABEL, namespaceOf, type Outcome, settled, TerminalFailure, waiting } from "../../base/index.ts";
import { type Project, ProjectKind, type Run, RunKind } from "../../crds/index.ts";
import { ignoreNotFound, type KindRef, Kinds, type KubeObject, type ObjectClient, type Reconciler, type ReconcileRun, type Stored } from "../../kube/index.ts";
import { BOUND_ROLES, type Manifest, projectManifests } from "../../synth/index.ts";
import { claimOn } from "./namespace-claim.ts";
import { copyStorageSecret, FIELD_MANAGER, removeStorageSecret, type StorageSecret } from "./storage-secret.ts";

/** How soon a namespace that is going away is looked at again; its end also wakes us. */
const TERMINATING_RECHECK_MS = 5_000;

export interface ProjectDeps {
  readonly client: ObjectClient;
  /** Copied into the namespaces of Projects; absent: whoever makes a namespace brings it. */
  readonly storageSecret?: StorageSecret | undefined;
}

const KIND_OF: Readonly<Record<string, KindRef>> = {
  Namespace: Kinds.Namespace,
  ServiceAccount: Kinds.ServiceAccount,
  RoleBinding: Kinds.RoleBinding,
  NetworkPolicy: Kinds.NetworkPolicy,
};

async function applyAll(client: ObjectClient, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const kind = KIND_OF[manifest.kind];
    if (!kind) throw new Error(`a Project implies no ${manifest.kind}`);
    const { name, namespace } = manifest.metadata;
    await client.patch(kind, { namespace, name }, { type: "apply", body: manifest, force: true }, { fieldManager: FIELD_MANAGER });
  }
}

/** Lets go of a namespace: it stays, marked, and nobody else's Project takes it by accident. */
async function release(client: ObjectClient, namespace: Stored<KubeObject>): Promise<void> {
  if (namespace.metadata.labels?.[LABEL.released] !== undefined) return;
  const body = { metadata: { uid: namespace.metadata.uid, labels: { [LABEL.released]: "true" } } };
  await client.patch(Kinds.Namespace, { name: namespace.metadata.name }, { type: "merge", body }, { fieldManager: FIELD_MANAGER });
}

async function ownedNamespaces(client: ObjectClient, uid: string): Promise<Stored<KubeObject>[]> {
  return (await client.list(Kinds.Namespace, { labelSelector: `${LABEL.projectUid}=${uid}` })).items;
}

/** One domain: claims its namespace and applies what it implies. Answers what stands in the way, if anything does. */
async function settleDomain(client: ObjectClient, project: Stored<Project>, domain: string): Promise<"ready" | "taken" | "terminating"> {
  const { name, uid } = project.metadata;
  const claim = claimOn(await client.get(Kinds.Namespace, { name: namespaceOf({ project: name, domain }) }).catch(ignoreNotFound), { name, uid });
  if (claim === "taken" || claim === "terminating") return claim;
  const { access, defaults } = project.spec;
  await applyAll(client, projectManifests({ name, uid, domain, access, defaults: { serviceAccountName: defaults?.serviceAccountName } }));
  return "ready";
}

type DomainState = Awaited<ReturnType<typeof settleDomain>>;

async function settleDomains(client: ObjectClient, project: Stored<Project>): Promise<Map<string, DomainState>> {
  const states = new Map<string, DomainState>();
  for (const domain of project.spec.domains) states.set(namespaceOf({ project: project.metadata.name, domain }), await settleDomain(client, project, domain));
  project.status = { ...project.status, namespaces: [...states].filter(([, state]) => state === "ready").map(([name]) => name) };
  return states;
}

async function reconcileProject({ client, storageSecret }: ProjectDeps, project: Stored<Project>, run: ReconcileRun): Promise<Outcome> {
  const states = await settleDomains(client, project);
  for (const left of await ownedNamespaces(client, project.metadata.uid)) {
    const { name, deletionTimestamp } = left.metadata;
    if (!states.has(name)) await release(client, left);
    if ((!storageSecret || !states.has(name)) && deletionTimestamp === undefined) await removeStorageSecret(client, name);
  }
  const copied = storageSecret && (await copyStorageSecret(client, project.status?.namespaces ?? [], storageSecret));

  const names = (state: DomainState) => [...states].filter(([, found]) => found === state).map(([name]) => name);
  const taken = names("taken");
  if (taken.length > 0) {
    const message = `namespace ${taken.join(", ")} exists and is not this project's; to hand it over: kubectl annotate namespace ${taken[0]} ${ANNOTATION.adopt}=${project.metadata.name}`;
    run.mark("NamespaceTaken", "NamespaceTaken", message);
    throw new TerminalFailure("NamespaceTaken", message);
  }
  if (project.status?.conditions?.some(({ type }) => type === "NamespaceTaken")) run.mark("NamespaceTaken", "NamespacesOwned", "", "False");
  const terminating = names("terminating");
  if (terminating.length === 0) return copied ?? settled();
  return waiting("NamespaceTerminating", `the end of ${terminating.join(", ")}`, TERMINATING_RECHECK_MS);
}

const isUnfinished = (run: Stored<Run>): boolean => run.status?.endTime === undefined;

async function dissolve(client: ObjectClient, project: Stored<Project>, namespace: Stored<KubeObject>): Promise<"done" | "busy"> {
  const name = namespace.metadata.name;
  if (project.spec.deletionPolicy === "Delete") {
    const { items } = await client.list<Run>(RunKind, { namespace: name });
    if (items.some(isUnfinished)) return "busy";
    await client.delete(Kinds.Namespace, { name }, { uid: namespace.metadata.uid });
    return "done";
  }
  // A binding has the name of its role.
  for (const role of BOUND_ROLES) await client.delete(Kinds.RoleBinding, { namespace: name, name: role });
  await release(client, namespace);
  return "done";
}

async function finalizeProject(client: ObjectClient, project: Stored<Project>): Promise<Outcome> {
  const busy: string[] = [];
  for (const namespace of await ownedNamespaces(client, project.metadata.uid)) {
    if (namespace.metadata.deletionTimestamp === undefined && (await dissolve(client, project, namespace)) === "busy") busy.push(namespace.metadata.name);
  }
  if (busy.length === 0) return settled();
  return waiting("UnfinishedRuns", `runs in ${busy.join(", ")} to finish, because deletionPolicy is Delete`, TERMINATING_RECHECK_MS);
}

/**
 * Turns a Project into its namespaces, whoever applied it. On deletion it takes its RBAC away; the namespaces go only
 * with `deletionPolicy: Delete` and no unfinished Run, otherwise they stay, labelled `flyte.org/released`.
 */
export function projectReconciler(deps: ProjectDeps): Reconciler<Project> {
  return {
    kind: ProjectKind,
    finalizer: FINALIZER.project,
    reconcile: (project, run) => reconcileProject(deps, project, run),
    finalize: (project) => finalizeProject(deps.client, project),
  };
}
