import type { KindRef, KubeObject } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT, UserError } from "../context.ts";
import { asList, OUTPUT_FORMATS, type OutputFormat, printDocument, resourceName } from "../output.ts";
import { table } from "../views/table.ts";

interface GetOptions extends ConnectOptions {
  readonly allNamespaces?: boolean;
  readonly output?: string;
  readonly selector?: string;
}

interface ServerTable {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority?: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: KubeObject }[];
}

/** Our kinds by every word that names them, and pods and events besides. */
export async function kindNamed(word: string): Promise<KindRef> {
  const [{ allKinds }, { Kinds }] = await Promise.all([import("../../crds/index.ts"), import("../../kube/index.ts")]);
  const wanted = word.toLowerCase().replace(/\.flyte\.org$/, "");
  const ours = allKinds.find((kind) => [kind.plural, kind.singular, ...kind.shortNames].includes(wanted));
  const builtIn = [Kinds.Pod, Kinds.Event, Kinds.Namespace, Kinds.ConfigMap, Kinds.Secret].find(
    (kind) => kind.plural === wanted || kind.kind.toLowerCase() === wanted,
  );
  const found = ours ?? builtIn;
  if (found) return found;
  throw new UserError(`no kind is called ${word}`, { exitCode: EXIT.usage, hint: `known: ${allKinds.map((kind) => kind.plural).join(", ")}, pods, events` });
}

/** The table as the server prints it: the same columns as kubectl, whatever the kind. */
async function serverTable(connection: Connection, kind: KindRef, name: string | undefined, options: GetOptions): Promise<ServerTable> {
  const { bodyText, collectionPath, errorOfResponse, objectPath, queryString } = await import("../../kube/index.ts");
  const namespace = kind.namespaced && !options.allNamespaces ? connection.namespace : undefined;
  const path = name === undefined ? collectionPath(kind, namespace) : objectPath(kind, { namespace, name });
  const response = await connection.transport.send({
    method: "GET",
    path: path + queryString({ labelSelector: options.selector, includeObject: "Metadata" }),
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
  });
  if (response.status >= 300) throw await errorOfResponse(response);
  return JSON.parse(await bodyText(response.body)) as ServerTable;
}

function printTable(registry: Registry, kind: KindRef, found: ServerTable, options: GetOptions): void {
  const wide = options.output === "wide";
  const shown = found.columnDefinitions.map((column, index) => ({ ...column, index })).filter((column) => wide || (column.priority ?? 0) === 0);
  const withNamespace = options.allNamespaces === true && kind.namespaced;
  const header = [...(withNamespace ? ["NAMESPACE"] : []), ...shown.map((column) => column.name.toUpperCase())];
  const rows = found.rows.map((row) => [
    ...(withNamespace ? [row.object.metadata.namespace ?? ""] : []),
    ...shown.map((column) => String(row.cells[column.index] ?? "")),
  ]);
  registry.deps.out.write(table(header, rows));
}

/** As people read manifests: what it is first, and without the bookkeeping of field owners, as kubectl prints it. */
function readable(kind: KindRef, object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...identity(kind), ...object, metadata };
}

async function objectsFor(connection: Connection, kind: KindRef, name: string | undefined, options: GetOptions): Promise<readonly KubeObject[]> {
  const namespace = kind.namespaced && !options.allNamespaces ? connection.namespace : undefined;
  if (name !== undefined) return [readable(kind, await connection.client.get(kind, { namespace, name }))];
  return (await connection.client.list(kind, { namespace, labelSelector: options.selector })).items.map((item) => readable(kind, item));
}

const identity = (kind: KindRef) => ({ apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`, kind: kind.kind });

async function get(registry: Registry, connection: Connection, options: GetOptions, word: string, name: string | undefined): Promise<number> {
  const { deps } = registry;
  const format = (options.output ?? "table") as OutputFormat;
  if (!OUTPUT_FORMATS.includes(format)) throw new UserError(`-o ${format}: one of wide, json, yaml, name`, { exitCode: EXIT.usage });
  const kind = await kindNamed(word);
  // Work is spread over the namespaces of projects: without -n a listing shows them all rather than an empty default namespace.
  const everywhere =
    options.allNamespaces === true || (kind.namespaced && !connection.namespaceGiven && connection.namespace === "default" && name === undefined);
  const asked: GetOptions = { ...options, allNamespaces: everywhere };
  if (format === "table" || format === "wide") {
    const found = await serverTable(connection, kind, name, asked);
    if (found.rows.length === 0) deps.err.write(`No ${kind.plural} found${everywhere || !kind.namespaced ? "" : ` in ${connection.namespace} namespace`}.\n`);
    else printTable(registry, kind, found, asked);
    return EXIT.ok;
  }
  const objects = await objectsFor(connection, kind, name, asked);
  if (format === "name") deps.out.write(objects.map((object) => `${resourceName(kind, object)}\n`).join(""));
  else printDocument(deps, format, name === undefined ? asList(objects) : objects[0]);
  return EXIT.ok;
}

export function registerGet(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "get <kind> [name]", {
      summary: "list runs, workflows, tasks, taskactions, triggers, projects, gitsyncs, …",
      examples: ["flyteops get runs", "flyteops get taskactions -l flyte.org/run=penguins-first", "flyteops get runs -A -o json"],
    }),
  )
    .option("-A, --all-namespaces", "in every namespace")
    .option("-l, --selector <labels>", "only objects with these labels, as in kubectl")
    .option("-o, --output <format>", "wide, json, yaml or name")
    .action(connected(registry, (connection, options: GetOptions, word: string, name?: string) => get(registry, connection, options, word, name)));
}
