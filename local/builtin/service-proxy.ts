import { connect, createServer, type Server, type Socket } from "node:net";
import { type Logger, messageOf, type Random } from "../../base/index.ts";
import { type EventRecorder, type InformerSet, keyOf, type KubeObject, type Stored } from "../../kube/index.ts";
import { SERVICE_NAME } from "./endpoint-objects.ts";
import { ENDPOINT_SLICE, type Service, SERVICE, type ServicePort } from "./workload-shapes.ts";

export interface ServiceProxyDeps {
  readonly informers: InformerSet;
  readonly events: EventRecorder;
  readonly random: Random;
  readonly logger: Logger;
}

/** Where a Service is reached on this machine, and which of its ports that is. */
interface Door {
  readonly host: string;
  readonly port: number;
  readonly service: Stored<Service>;
  readonly of: ServicePort;
}

interface SliceFields {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints?: readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
}

const LOOPBACK = "127.0.0.1";
const BY_SERVICE = "service";

function doorsOf(service: Stored<Service>): Door[] {
  const { clusterIP, ports = [], type } = service.spec;
  if (type === "ExternalName" || !clusterIP || clusterIP === "None" || service.metadata.deletionTimestamp !== undefined) return [];
  return ports
    .filter(({ protocol }) => protocol === "TCP")
    .flatMap((of) => [
      { host: clusterIP, port: Number(of.port), service, of },
      ...(of.nodePort ? [{ host: LOOPBACK, port: Number(of.nodePort), service, of }] : []),
    ]);
}

const doorName = ({ host, port }: Door): string => `${host}:${port}`;

/** Lets both ends of a forwarded connection go together. */
function join(inward: Socket, outward: Socket): void {
  inward.pipe(outward).pipe(inward);
  inward.on("error", () => outward.destroy());
  outward.on("error", () => inward.destroy());
  inward.on("close", () => outward.destroy());
  outward.on("close", () => inward.destroy());
}

/**
 * Makes Services reachable on a laptop: listens on each one's own loopback address (and on node ports of 127.0.0.1) and
 * hands every TCP connection to one of the ready pods, which are processes of this machine. A port that cannot be
 * opened (below 1024 without the right; an address that this system does not answer for) is told in an Event.
 */
export function serviceProxy({ informers, events, random, logger }: ServiceProxyDeps): { run(signal: AbortSignal): Promise<void> } {
  const services = informers.of<Service>({ kind: SERVICE });
  const slices = informers.of({ kind: ENDPOINT_SLICE });
  const open = new Map<string, { readonly server: Server; door: Door }>();
  const sockets = new Set<Socket>();

  function targets({ service, of }: Door): { host: string; port: number }[] {
    return slices.byIndex(BY_SERVICE, keyOf(service)).flatMap((slice: KubeObject) => {
      const { ports, endpoints } = slice as unknown as SliceFields;
      const port = (ports ?? []).find(({ name = "" }) => name === (of.name ?? ""))?.port;
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return port === undefined ? [] : ready.flatMap(({ addresses }) => addresses.map((host) => ({ host, port: Number(port) })));
    });
  }

  function forward(name: string, inward: Socket): void {
    const held = open.get(name);
    const choices = held ? targets(held.door) : [];
    const target = choices[Math.floor(random.next() * choices.length)];
    // Nobody is ready: refused as by a cluster, as far as an open port can refuse.
    if (!target) return void inward.resetAndDestroy();
    sockets.add(inward);
    inward.on("close", () => sockets.delete(inward));
    join(inward, connect(target));
  }

  function unlock(door: Door): void {
    const name = doorName(door);
    const server = createServer((socket) => forward(name, socket));
    open.set(name, { server, door });
    server.on("error", (problem) => {
      logger.debug("service port not opened", { service: keyOf(door.service), at: name, error: messageOf(problem) });
      const message = `connections to ${name} do not reach this Service: ${messageOf(problem)}`;
      void events.record(door.service, { type: "Warning", reason: "PortNotOpened", message });
    });
    server.listen({ host: door.host, port: door.port, exclusive: true });
  }

  function settle(): void {
    const wanted = new Map(
      services
        .list()
        .flatMap(doorsOf)
        .map((door) => [doorName(door), door]),
    );
    for (const [name, { server }] of open) {
      if (wanted.has(name)) continue;
      open.delete(name);
      server.close();
    }
    for (const [name, door] of wanted) {
      const held = open.get(name);
      if (held) held.door = door;
      else unlock(door);
    }
  }

  return {
    async run(signal) {
      slices.addIndex(BY_SERVICE, ({ metadata }) => [`${metadata.namespace ?? ""}/${metadata.labels?.[SERVICE_NAME] ?? ""}`]);
      await Promise.all([services.whenSynced(signal), slices.whenSynced(signal)]);
      if (signal.aborted) return;
      const stop = services.onChange(settle);
      settle();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      stop();
      for (const { server } of open.values()) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
