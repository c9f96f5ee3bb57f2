import { hostname } from "node:os";
import { type Logger, messageOf, sleep } from "../../base/index.ts";
import { type CliDeps, EXIT, INSTALLATION } from "../../cli/index.ts";
import type { ConfigSources, LiveConfig } from "../../config/index.ts";
import { awaitRecords } from "../../records/index.ts";
import { layFoundation } from "../program-foundation.ts";
import { celWorker, productControllers } from "../product-controllers.ts";
import { healthPage } from "../telemetry/health.ts";
import { type PlainServer, plainServer } from "../telemetry/plain-server.ts";
import { openTracing, type Tracing } from "../telemetry/otel.ts";
import type { Metrics } from "../telemetry/prometheus.ts";
import { tracePasses, traceRuns } from "../telemetry/traces.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { livenessChecks, readinessChecks } from "./health-checks.ts";
import { controllerNames, milliseconds, pluginConfigOf, storageSecretOf } from "./settings.ts";
import { openStores, type Stores } from "./stores.ts";

/** Everything this program is made of, in the order in which it ends. */
interface Parts {
  readonly cli: CliDeps;
  readonly logger: Logger;
  readonly live: LiveConfig;
  readonly metrics: Metrics;
  /** Undefined where traces go nowhere. */
  readonly tracing: Tracing | undefined;
  readonly cluster: Cluster;
  readonly stores: Stores;
  /** Aborted first: nothing new is begun. */
  readonly work: AbortController;
  /** Aborted when no pass is in hand: watches end, Leases go back. */
  readonly rest: AbortController;
}

/** Kept short: a program that lost its Lease writes nothing, and whoever has it is waiting for nothing. */
const AFTER_LOSS_MS = 3_000;

async function openServers({ cli, live, metrics, cluster, stores, work }: Parts): Promise<readonly PlainServer[]> {
  const { healthAddress, metricsAddress } = live.current.server;
  const { informers, leases } = cluster;
  const alive = livenessChecks(informers, cli.clock, cli.clock.now());
  const ready = readinessChecks({ informers, records: stores.records, leases, clock: cli.clock, stopping: work.signal });
  const health = { "/healthz": () => healthPage(alive), "/readyz": () => healthPage(ready) };
  const page = async () => {
    const { type, text } = await metrics.page();
    return { status: 200, type, text };
  };
  const wanted = [[healthAddress, health] as const, [metricsAddress, { "/metrics": page }] as const].filter(([address]) => address !== "");
  return Promise.all(wanted.map(([address, pages]) => plainServer(address, pages)));
}

function openController(parts: Parts) {
  const { cli, logger, live, metrics, tracing, cluster, stores } = parts;
  const config = live.current;
  const { informers, transport, leases } = cluster;
  if (tracing) traceRuns(informers, leases?.gate, tracing.tracer);
  return productControllers({
    informers,
    transport,
    blobs: stores.blobs,
    database: stores.records,
    clock: cli.clock,
    random: cli.random,
    logger,
    shards: leases?.gate,
    meter: metrics.meter,
    onPass: tracing && tracePasses(tracing.tracer),
    workers: () => live.current.controller.workers,
    names: controllerNames(config),
    plugin: pluginConfigOf(config, cli.version, stores.storageEnv),
    storageSecret: storageSecretOf(config, cli.env["POD_NAMESPACE"] ?? INSTALLATION.namespace),
    stateDirectory: config.gitops.stateDirectory,
    allowFile: config.gitops.allowFileUrls,
    environment: { ...cli.env, ...stores.storageEnv },
    celWorker: celWorker(),
  });
}

/** Runs until it is told to stop or something ends that must not. Resolves with what went wrong, undefined when nothing did. */
async function runUntilStopped(parts: Parts): Promise<unknown> {
  const { cli, logger, live, cluster, stores, work, rest } = parts;
  const product = await openController(parts);
  let failure: unknown;
  const guarded = (root: { run(signal: AbortSignal): Promise<void> }, signal: AbortSignal) =>
    root.run(signal).catch((thrown: unknown) => {
      failure ??= thrown;
      work.abort(thrown);
    });
  const stop = () => work.abort();
  cli.signal.addEventListener("abort", stop, { once: true });
  if (cli.signal.aborted) stop();
  const database = { run: (signal: AbortSignal) => awaitRecords(stores.records, cli.clock, signal) };
  const beneath = [cluster.informers, live, database, ...(cluster.leases ? [cluster.leases] : [])].map((root) => guarded(root, rest.signal));
  const working = Promise.all(product.controllers.map((controller) => guarded(controller, work.signal)));
  await new Promise<void>((resolve) => (work.signal.aborted ? resolve() : work.signal.addEventListener("abort", () => resolve(), { once: true })));
  logger.info("stopping", failure === undefined ? {} : { because: messageOf(failure) });
  const patience = new AbortController();
  const boundMs = failure === undefined ? milliseconds(live.current.controller.shutdownTimeout) : AFTER_LOSS_MS;
  const ended = await Promise.race([working.then(() => true), sleep(cli.clock, boundMs, patience.signal).then(() => false)]);
  patience.abort();
  if (!ended) logger.error("passes in hand did not end in time", { boundMs });
  rest.abort();
  await Promise.race([Promise.all(beneath), sleep(cli.clock, boundMs)]);
  if (ended) await product.close();
  return failure;
}

/** `flyteops controller`: the named controllers against the cluster of KUBECONFIG or of this pod, until SIGTERM. Resolves with the exit code. */
export async function runController(cli: CliDeps, sources: ConfigSources): Promise<number> {
  const { logger, live, metrics } = await layFoundation(cli, sources, "flyteops controller");
  logger.info("controllers", { named: controllerNames(live.current) });
  const { clock, random } = cli;
  const cluster = await openCluster({ cli, clock, random, logger, meter: metrics.meter, config: () => live.current });
  const stores = await openStores(live.current, cli, logger);
  const tracing = await openTracing(live.current.otel, { version: cli.version, instance: cli.env["POD_NAME"] ?? hostname() }, logger);
  const parts: Parts = { cli, logger, live, metrics, tracing, cluster, stores, work: new AbortController(), rest: new AbortController() };
  let servers: readonly PlainServer[] = [];
  try {
    servers = await openServers(parts);
    const failure = await runUntilStopped(parts);
    if (failure !== undefined) logger.error("flyteops controller ended", { error: messageOf(failure) });
    else logger.info("flyteops controller stopped");
    return failure === undefined ? EXIT.ok : EXIT.failed;
  } finally {
    await Promise.allSettled([...servers.map((server) => server.close()), tracing?.close(), stores.close(), cluster.access.close()]);
  }
}
