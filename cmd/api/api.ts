import { apiReader, apiRoutes } from "../../api/index.ts";
import { messageOf } from "../../base/index.ts";
import { type CliDeps, EXIT } from "../../cli/index.ts";
import type { Config, ConfigSources } from "../../config/index.ts";
import { type Records, lazyRecords } from "../../records/index.ts";
import { type Cluster, openCluster } from "../controller/cluster.ts";
import { livenessChecks, readinessChecks } from "../controller/health-checks.ts";
import { type Foundation, layFoundation } from "../program-foundation.ts";
import { embeddedConnection, recordsConnectionOf } from "../records-connection.ts";
import { healthPage } from "../telemetry/health.ts";
import { type PlainServer, plainServer } from "../telemetry/plain-server.ts";
import { type ApiListener, listenForCalls } from "./listen.ts";

/** A reader competes with nobody: it takes no Lease. */
const alone = (config: Config): Config => ({
  ...config,
  controller: { ...config.controller, leaderElection: { ...config.controller.leaderElection, enabled: false } },
});

/** An embedded database is the controllers', and is reached by its socket: the API stands beside them, with the same volume. */
function openRecords({ database }: Config, { logger }: Foundation): Records {
  const connection = database.embedded ? embeddedConnection(database.embeddedDirectory) : recordsConnectionOf(database);
  return lazyRecords({ connection, logger });
}

/** `:8090` as host ("" for every address) and port. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(text.slice(at + 1)) };
}

interface Parts {
  readonly cli: CliDeps;
  readonly foundation: Foundation;
  readonly cluster: Cluster;
  readonly records: Records;
  readonly stop: AbortController;
}

async function openPages({ cli, foundation: { live, metrics }, cluster, records, stop }: Parts): Promise<PlainServer[]> {
  const { healthAddress, metricsAddress } = live.current.server;
  const alive = livenessChecks(cluster.informers, cli.clock, cli.clock.now());
  const ready = readinessChecks({ informers: cluster.informers, records, leases: undefined, clock: cli.clock, stopping: stop.signal });
  const health = { "/healthz": () => healthPage(alive), "/readyz": () => healthPage(ready) };
  const page = async () => {
    const { type, text } = await metrics.page();
    return { status: 200, type, text };
  };
  const wanted = [[healthAddress, health] as const, [metricsAddress, { "/metrics": page }] as const].filter(([address]) => address !== "");
  return Promise.all(wanted.map(([address, pages]) => plainServer(address, pages)));
}

/** Answers calls until the signal aborts. */
async function serve({ cluster, records, foundation, stop }: Parts): Promise<void> {
  const { live, logger } = foundation;
  const reader = apiReader(cluster.informers, records);
  const following = Promise.all([cluster.informers.run(stop.signal), live.run(stop.signal)]);
  const listener: ApiListener = await listenForCalls(apiRoutes(reader), addressOf(live.current.server.apiAddress));
  logger.info("answers calls", { port: listener.port });
  await following;
  await listener.close();
}

/** `flyteops api`: shows runs to Flyte's own clients until SIGTERM. Resolves with the exit code. */
export async function runApi(cli: CliDeps, sources: ConfigSources): Promise<number> {
  const foundation = await layFoundation(cli, sources, "flyteops api");
  const { live, logger, metrics } = foundation;
  const { clock, random } = cli;
  const records = openRecords(live.current, foundation);
  const cluster = await openCluster({ cli, clock, random, logger, meter: metrics.meter, config: () => alone(live.current) });
  const parts: Parts = { cli, foundation, cluster, records, stop: new AbortController() };
  const end = () => parts.stop.abort();
  cli.signal.addEventListener("abort", end, { once: true });
  if (cli.signal.aborted) end();
  const pages = await openPages(parts);
  try {
    await serve(parts);
    logger.info("flyteops api stopped");
    return EXIT.ok;
  } catch (thrown) {
    logger.error("flyteops api ended", { error: messageOf(thrown) });
    return EXIT.failed;
  } finally {
    end();
    await Promise.allSettled([...pages.map((page) => page.close()), records.close(), cluster.access.close()]);
  }
}
