import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { delimiter } from "node:path";
import type { Clock, Logger, Meter, Random } from "../../base/index.ts";
import { type CliDeps, EXIT, INSTALLATION, UserError } from "../../cli/index.ts";
import type { Config } from "../../config/index.ts";
import { allKinds } from "../../crds/index.ts";
import {
  adaptiveTransport,
  apiCallMetrics,
  apiClient,
  type ClusterAccess,
  type ClusterSource,
  clusterTransport,
  fencedTransport,
  type InformerSet,
  informerSet,
  Kinds,
  type ShardLeases,
  shardLeases,
  type Transport,
} from "../../kube/index.ts";
import { leaseTiming, milliseconds } from "./settings.ts";

export interface ClusterDeps {
  readonly cli: CliDeps;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter;
  /** The configuration as it is now. */
  readonly config: () => Config;
}

/** The Kubernetes API as the controllers of this program use it. */
export interface Cluster {
  readonly access: ClusterAccess;
  readonly transport: Transport;
  readonly informers: InformerSet;
  /** Undefined where the configuration says that one replica works alone. */
  readonly leases: ShardLeases | undefined;
}

function sourceOf({ env }: CliDeps): ClusterSource {
  const named = env["KUBECONFIG"];
  if (named) return { kubeconfig: named.split(delimiter).filter(Boolean) };
  const host = env["KUBERNETES_SERVICE_HOST"];
  if (host) return { inCluster: { host, port: env["KUBERNETES_SERVICE_PORT"] ?? "443" } };
  throw new UserError("no cluster: this is no pod of one, and KUBECONFIG is not set", { exitCode: EXIT.unreachable, hint: "on a laptop: flyteops up" });
}

/** New at every start: a program that was killed is another than the one that comes after it. */
function identity({ env }: CliDeps): string {
  return `${env["POD_NAME"] ?? hostname()}_${randomBytes(5).toString("hex")}`;
}

function openLeases({ cli, clock, random, logger, config }: ClusterDeps, access: ClusterAccess): ShardLeases | undefined {
  const { controller } = config();
  if (!controller.leaderElection.enabled) return undefined;
  const namespace = controller.leaderElection.namespace ?? cli.env["POD_NAMESPACE"] ?? INSTALLATION.namespace;
  const deps = { transport: access.transport, clock, monotonic: () => performance.now(), random, logger: logger.with({ component: "leases" }) };
  return shardLeases(deps, {
    name: controller.leaderElection.leaseName,
    namespace,
    identity: identity(cli),
    shards: controller.shards,
    timing: leaseTiming(config()),
  });
}

/** Opens the API: requests are counted, limited by what the server takes, and written only while a Lease is held. Rejects with UserError. */
export async function openCluster(deps: ClusterDeps): Promise<Cluster> {
  const { cli, clock, random, logger, meter, config } = deps;
  const access = await clusterTransport(sourceOf(cli));
  const leases = openLeases(deps, access);
  const fenced = leases ? fencedTransport(access.transport, clock, leases.fence) : access.transport;
  const transport = adaptiveTransport(fenced, clock, () => {
    const { minInFlight, maxInFlight, latencyTarget } = config().kubeClient;
    return { minInFlight, maxInFlight, latencyTargetMs: milliseconds(latencyTarget) };
  });
  const kinds = [...Object.values(Kinds), ...allKinds].map(({ kind }) => kind);
  const client = apiClient(transport, { clock, random, userAgent: `flyteops/${cli.version}`, observer: apiCallMetrics(meter, [...new Set(kinds)]) });
  meter.gauge(
    { name: "flyteops_kube_api_in_flight", help: "Requests to the Kubernetes API that wait for their answer.", labels: {} },
    {},
    () => transport.inFlight,
  );
  meter.gauge({ name: "flyteops_kube_api_limit", help: "How many there may be at once now.", labels: {} }, {}, () => transport.limit);
  const shards = Array.from({ length: config().controller.shards }, (_, shard) => String(shard));
  for (const shard of leases ? shards : [])
    meter.gauge({ name: "flyteops_kube_lease_held", help: "Whether this replica holds the lease of a shard.", labels: { shard: shards } }, { shard }, () =>
      leases?.held.includes(Number(shard)) ? 1 : 0,
    );
  return { access, transport, informers: informerSet({ client, clock, random, logger }), leases };
}
