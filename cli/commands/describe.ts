import { RunKind } from "../../crds/index.ts";
import { Kinds, type KubeObject } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type CliDeps, type Connection, EXIT } from "../context.ts";
import { explainFailure } from "../failure.ts";
import { findObject } from "../find.ts";
import { findRun, type FoundRun } from "../find-run.ts";
import { stringify } from "yaml";
import { printable } from "../views/paint.ts";
import { runTree } from "../views/run-tree.ts";
import { kindNamed } from "./get.ts";
import { workflowOf } from "./tree.ts";

type Event = KubeObject & { type?: string; reason?: string; message?: string; count?: number; involvedObject?: { uid?: string } };

async function eventsOf(connection: Connection, object: KubeObject): Promise<string[]> {
  const { namespace, name, uid } = object.metadata;
  const { items } = await connection.client.list<Event>(Kinds.Event, { namespace, fieldSelector: `involvedObject.name=${name}` });
  const own = items.filter((event) => event.involvedObject?.uid === undefined || event.involvedObject.uid === uid);
  return own.map((event) => `  ${printable(`${event.type}  ${event.reason}  ${event.message ?? ""}`)}${(event.count ?? 1) > 1 ? `  (x${event.count})` : ""}`);
}

function withoutNoise(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Of a run also its tree, and why it failed. */
async function runLines(deps: CliDeps, connection: Connection, { run, actions }: FoundRun): Promise<string[]> {
  const tree = runTree(run, actions, await workflowOf(connection, run), { now: deps.clock.now() });
  const hasFailed = run.status?.phase === "Failed" || run.status?.phase === "TimedOut";
  return [...tree, "", ...(hasFailed ? [...(await explainFailure(deps, connection, run, actions)), ""] : [])];
}

async function describe(registry: Registry, connection: Connection, word: string, name: string): Promise<number> {
  const { deps } = registry;
  const kind = await kindNamed(word);
  const found = kind.kind === RunKind.kind ? await findRun(deps, connection, name) : undefined;
  const object = (found?.run as KubeObject | undefined) ?? (await findObject<KubeObject>(connection, kind, name));
  const lines = found ? await runLines(deps, connection, found) : [];
  lines.push(printable(stringify(withoutNoise(object), { aliasDuplicateObjects: false })).trimEnd());
  const events = await eventsOf(connection, object);
  lines.push("", events.length > 0 ? "events:" : "events: none", ...events);
  deps.out.write(`${lines.join("\n")}\n`);
  return EXIT.ok;
}

export function registerDescribe(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "describe <kind> <name>", {
      summary: "everything about one object: its fields, its state, its events; of a run also the tree and why it failed",
      examples: ["flyteops describe run penguins-first", "flyteops describe gitsync platform -n flyteops-system"],
    }),
  ).action(connected(registry, (connection, _options: ConnectOptions, word: string, name: string) => describe(registry, connection, word, name)));
}
