import { formatDuration } from "../../base/index.ts";
import { Kinds, type KubeObject, type Stored } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT } from "../context.ts";
import { asList, printDocument } from "../output.ts";
import { printable } from "../views/paint.ts";
import { table } from "../views/table.ts";

interface EventsOptions extends ConnectOptions {
  readonly follow?: boolean;
  readonly allNamespaces?: boolean;
  readonly output?: string;
}

type Event = KubeObject & {
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  involvedObject?: { kind?: string; name?: string; namespace?: string };
};

const timeOf = (event: Event) => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "";

function cells(event: Event, now: number): string[] {
  const age = timeOf(event) === "" ? "" : formatDuration(now - Date.parse(timeOf(event)));
  const object = `${event.involvedObject?.kind?.toLowerCase() ?? ""}/${event.involvedObject?.name ?? ""}`;
  const count = (event.count ?? 1) > 1 ? ` (x${event.count})` : "";
  return [event.metadata.namespace ?? "", age, event.type ?? "", event.reason ?? "", object, printable(`${(event.message ?? "").split("\n")[0]}${count}`)];
}

const HEADER = ["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];

async function showEvents(registry: Registry, connection: Connection, options: EventsOptions, name: string | undefined): Promise<number> {
  const { deps } = registry;
  const namespace = connection.namespaceGiven && !options.allNamespaces ? connection.namespace : undefined;
  const about = (event: Event) => name === undefined || event.involvedObject?.name === name || (event.involvedObject?.name ?? "").startsWith(`${name}-`);
  const listed = await connection.client.list<Event>(Kinds.Event, { namespace });
  const events = listed.items.filter(about).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  if (options.output === "json" || options.output === "yaml") printDocument(deps, options.output, asList(events));
  else if (events.length > 0)
    deps.out.write(
      table(
        HEADER,
        events.map((event) => cells(event, deps.clock.now())),
      ),
    );
  else if (!options.follow) deps.err.write("No events found.\n");
  if (!options.follow) return EXIT.ok;
  for await (const event of connection.client.watch<Event>(Kinds.Event, { namespace, resourceVersion: listed.resourceVersion, signal: deps.signal })) {
    if (event.type === "BOOKMARK" || event.type === "DELETED" || !about(event.object as Stored<Event>)) continue;
    deps.out.write(`${printable(cells(event.object, deps.clock.now()).join("   "))}\n`);
  }
  return EXIT.ok;
}

export function registerEvents(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "events [name]", {
      summary: "show what controllers and the kubelet report, oldest first",
      examples: ["flyteops events", "flyteops events penguins-first -f"],
    }),
  )
    .option("-f, --follow", "go on until Ctrl-C")
    .option("-A, --all-namespaces", "in every namespace (also the default without -n)")
    .option("-o, --output <format>", "json or yaml")
    .action(connected(registry, (connection, options: EventsOptions, name?: string) => showEvents(registry, connection, options, name)));
}
