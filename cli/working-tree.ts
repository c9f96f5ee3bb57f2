import { digestJson, type JsonObject } from "../base/index.ts";
import type { BlobStore } from "../blobs/index.ts";
import { type Run, TaskKind, WorkflowKind, type Workflow } from "../crds/index.ts";
import {
  checkRepository,
  formatProblem,
  isError,
  referenceStore,
  type RepositoryObject,
  type RepositoryTree,
  withReferences,
  workingTree,
} from "../gitops/index.ts";
import type { KubeObject, Stored } from "../kube/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "./context.ts";
import type { RunTarget } from "./run-target.ts";
import { storageOf } from "./storage.ts";

/** What `revision` says of content that no commit has. */
const REVISION = "working-tree";
const LABEL = "flyte.org/working-tree";
const NAME_MAX = 63;
const HASH_LENGTH = 8;

type Named = { readonly task?: string | undefined; readonly workflow?: string | undefined };

const kindOf = (object: RepositoryObject) => (object.kind === "Workflow" ? WorkflowKind : TaskKind);

/** What a workflow's nodes name. */
function nodesOf(workflow: Workflow["spec"]): Named[] {
  return [...Object.values(workflow.nodes), ...(workflow.onFailure ? [workflow.onFailure] : [])];
}

/** The object and everything that it names, itself last. */
function closure(objects: readonly RepositoryObject[], target: RepositoryObject, seen = new Set<RepositoryObject>()): RepositoryObject[] {
  if (seen.has(target)) return [];
  seen.add(target);
  if (target.kind !== "Workflow") return [target];
  const named = nodesOf((target.object as unknown as Workflow).spec).flatMap(({ task, workflow }) =>
    objects.filter(
      ({ kind, name, namespace }) => namespace === target.namespace && (kind === "Task" ? name === task : kind === "Workflow" && name === workflow),
    ),
  );
  return [...named.flatMap((object) => closure(objects, object, seen)), target];
}

function renamed(object: KubeObject, nameOf: (name: string) => string): KubeObject {
  const copy = structuredClone(object);
  copy.metadata = {
    name: nameOf(object.metadata.name ?? ""),
    ...(object.metadata.namespace ? { namespace: object.metadata.namespace } : {}),
    labels: { [LABEL]: "true" },
  };
  if (copy.kind !== "Workflow") return copy;
  for (const node of nodesOf((copy as unknown as Workflow).spec) as { task?: string; workflow?: string }[]) {
    if (node.task) node.task = nameOf(node.task);
    if (node.workflow) node.workflow = nameOf(node.workflow);
  }
  return copy;
}

/** Content of files and code into the object store, digests beside the paths. */
async function withContent(store: BlobStore, tree: RepositoryTree, objects: readonly RepositoryObject[]): Promise<KubeObject[]> {
  const references = referenceStore(store);
  return Promise.all(
    objects.map(async ({ object, references: named }) =>
      withReferences(object, await Promise.all(named.map((reference) => references.resolve(tree, reference))), REVISION),
    ),
  );
}

async function readTarget(deps: CliDeps, directory: string, name: string) {
  const files = await workingTree(directory, { environment: deps.env, clock: deps.clock });
  const { objects, problems } = await checkRepository(files.tree, { path: files.path });
  const target =
    objects.find((object) => object.kind === "Workflow" && object.name === name) ?? objects.find((object) => object.kind === "Task" && object.name === name);
  if (target) return { tree: files.tree, objects, target };
  for (const problem of problems.filter(isError)) deps.err.write(`${formatProblem(problem)}\n`);
  throw new UserError(`no valid Workflow or Task named ${name} below ${directory}`, { exitCode: EXIT.notFound, hint: `flyteops validate ${directory}` });
}

/** The definitions go when the Run goes. */
async function giveTo(
  connection: Connection,
  definitions: readonly { readonly kind: typeof WorkflowKind | typeof TaskKind; readonly object: Stored<KubeObject> }[],
  run: Stored<Run>,
): Promise<void> {
  const owner = { apiVersion: run.apiVersion, kind: run.kind, name: run.metadata.name, uid: run.metadata.uid };
  for (const { kind, object } of definitions) {
    const owners = [...(object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.uid), owner];
    await connection.client.patch(kind, object.metadata, { type: "merge", body: { metadata: { ownerReferences: owners } } }, { fieldManager: "flyteops-cli" });
  }
}

/**
 * Puts a Workflow or Task of a directory, with all it names and its code as they lie on disk, into the cluster under names
 * of their own (`<name>-<hash of the content>`): nothing that git manages is touched.
 */
export async function publishWorkingTree(deps: CliDeps, connection: Connection, directory: string, name: string): Promise<RunTarget> {
  const { tree, objects, target } = await readTarget(deps, directory, name);
  const wanted = await withContent(await storageOf(connection, deps), tree, closure(objects, target));
  const hash = digestJson(wanted).slice("sha256:".length, "sha256:".length + HASH_LENGTH);
  const nameOf = (of: string) => `${of.slice(0, NAME_MAX - HASH_LENGTH - 1).replace(/[-.]+$/, "")}-${hash}`;
  const namespace = connection.namespaceGiven ? connection.namespace : target.namespace;
  const published: { kind: typeof WorkflowKind | typeof TaskKind; object: Stored<KubeObject> }[] = [];
  for (const [index, source] of closure(objects, target).entries()) {
    const kind = kindOf(source);
    const body = renamed({ ...(wanted[index] as KubeObject), metadata: { name: source.name, namespace } }, nameOf);
    const ref = { namespace, name: body.metadata.name ?? "" };
    published.push({ kind, object: await connection.client.patch(kind, ref, { type: "apply", body, force: true }, { fieldManager: "flyteops-cli" }) });
  }
  return {
    field: target.kind === "Workflow" ? "workflow" : "task",
    name: nameOf(target.name),
    namespace,
    inputs: (target.object as { spec?: { inputs?: JsonObject } }).spec?.inputs,
    created: (run) => giveTo(connection, published, run),
  };
}
