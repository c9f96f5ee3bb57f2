import { createWriteStream, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, type Logger, messageOf, parseDuration, shellWord } from "../../base/index.ts";
import { type BlobStore, openBlobStore } from "../../blobs/index.ts";
import { type CliDeps, type Connection, EXIT, printDocument, type Terminal, UserError } from "../../cli/index.ts";
import { defaultConfig } from "../../config/index.ts";
import {
  type AdaptiveLimits,
  adaptiveTransport,
  apiCallMetrics,
  apiClient,
  type InformerSet,
  informerSet,
  Kinds,
  type ObjectClient,
} from "../../kube/index.ts";
import { builtinControllers } from "../../local/builtin/index.ts";
import type { ContainerEngine, Kubelet } from "../../local/kubelet/index.ts";
import { excludeFromGit, type StateDirectory, takeStateDirectory } from "../state-directory.ts";
import { celWorker, productControllers } from "../product-controllers.ts";
import { jsonLogger } from "../system.ts";
import { followRepository, installKinds, installSystem } from "./bootstrap.ts";
import { type ControlPlane, type LateNode, startControlPlane } from "./control-plane.ts";
import { chosenEngine, laptopNode } from "./laptop-node.ts";
import { type LaptopMetrics, laptopMetrics } from "./laptop-metrics.ts";
import { type DeclaredRuns, declaredRunsFinished, onceDocument } from "./once.ts";
import { findRepository, type FollowedRepository } from "./repository.ts";
import { watchUncommitted } from "./uncommitted.ts";
import type { UpOptions } from "./up-options.ts";
import { startView, type View } from "./view.ts";

function fileLogger(directory: string, level: string): Logger {
  if (level !== "error" && level !== "info" && level !== "debug") throw new UserError(`--log-level ${level}: error, info or debug`, { exitCode: EXIT.usage });
  const stream = createWriteStream(join(directory, "flyteops.log"), { flags: "a", mode: 0o600 });
  return jsonLogger((line) => void stream.write(line), level);
}

/** Everything that runs until it is told to stop; the first that fails stops the others. */
async function runAll(stop: AbortController, roots: readonly { run(signal: AbortSignal): Promise<void> }[]): Promise<void> {
  const guarded = roots.map((root) =>
    root.run(stop.signal).catch((thrown: unknown) => {
      stop.abort(thrown);
      throw thrown;
    }),
  );
  const ends = await Promise.allSettled(guarded);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function sayHello(view: View, cli: CliDeps, plane: ControlPlane, repository: FollowedRepository, startedMs: number): void {
  view.say(
    `flyteops ${cli.version} follows ${repository.said}${repository.branch ? ` at ${repository.branch}` : ""}; Kubernetes API at ${plane.url}, ready in ${startedMs} ms`,
  );
  view.say(`  export KUBECONFIG=${shellWord(plane.kubeconfig)}`);
  view.say(
    plane.kubectl ? "  kubectl get flyte -A" : "  flyteops get runs        (kubectl is not on PATH; flyteops get, describe, logs and events do the same)",
  );
  view.say("");
}

/** What every part of the running product shares. */
interface Foundation {
  readonly cli: CliDeps;
  readonly options: UpOptions;
  readonly state: StateDirectory;
  readonly plane: ControlPlane;
  readonly logger: Logger;
  readonly metrics: LaptopMetrics | undefined;
  readonly client: ObjectClient;
  readonly informers: InformerSet;
  readonly blobs: BlobStore;
  readonly terminal: Terminal;
}

/** The same limits as in a cluster: they bind when the machine is busy. */
function apiLimits(): AdaptiveLimits {
  const { minInFlight, maxInFlight, latencyTarget } = defaultConfig.kubeClient;
  return { minInFlight, maxInFlight, latencyTargetMs: parseDuration(latencyTarget) ?? 1_000 };
}

/** Makes the API know our kinds, and gives everybody the same caches and the same object store. */
async function layFoundation(cli: CliDeps, options: UpOptions, state: StateDirectory, plane: ControlPlane, logger: Logger): Promise<Foundation> {
  const metrics = await laptopMetrics(options.metricsPort);
  const observer =
    metrics &&
    apiCallMetrics(
      metrics.meter,
      Object.values(Kinds).map(({ kind }) => kind),
    );
  const client = apiClient(adaptiveTransport(plane.transport, cli.clock, apiLimits), { clock: cli.clock, random: cli.random, observer });
  const informers = informerSet({ client, clock: cli.clock, random: cli.random, logger });
  const objects = join(state.path, "objects");
  mkdirSync(objects, { recursive: true });
  const blobs = openBlobStore(pathToFileURL(objects).href);
  await installKinds(client);
  await installSystem(client, { storage: blobs.root, version: cli.version, ...plane.archive });
  return { cli, options, state, plane, logger, metrics, client, informers, blobs, terminal: options.output === "json" ? cli.err : cli.out };
}

function openView({ cli, terminal, informers, client, plane, blobs, state }: Foundation): View {
  const connection: Connection = { client, transport: plane.transport, namespace: "default", namespaceGiven: false, source: plane.kubeconfig };
  return startView({ cli, terminal, informers, connection, store: blobs, stateDirectory: state.path, clock: cli.clock });
}

/** Runs everything until `stop` aborts, or until the declared Runs have finished where that was asked for. */
async function runProduct(
  foundation: Foundation,
  view: View,
  node: Kubelet,
  repository: FollowedRepository,
  begin: number,
  stop: AbortController,
): Promise<DeclaredRuns> {
  const { cli, options, state, plane, logger, metrics, client, informers, blobs } = foundation;
  const shared = { informers, transport: plane.transport, clock: cli.clock, random: cli.random, logger };
  const product = await productControllers({
    ...shared,
    meter: metrics?.meter,
    database: plane.database,
    blobs,
    stateDirectory: state.path,
    environment: cli.env,
    celWorker: celWorker(),
  });
  const asked = new Date(begin).toISOString();
  await followRepository(client, repository, asked);
  const once = declaredRunsFinished({ informers, client, asked });
  const roots = [informers, builtinControllers({ ...shared, rootCertificate: plane.certificate }), node, ...product.controllers];
  if (options.once) roots.push({ run: (signal) => once.finished(signal).then(() => stop.abort()) });
  const uncommitted = watchUncommitted(repository, view, cli.clock, logger);
  await runAll(stop, roots).finally(() => uncommitted.close());
  await view.flush();
  view.stop();
  await product.close();
  await metrics?.close();
  return once;
}

/** The last words, and the exit code. */
async function conclude({ cli, options, terminal, blobs }: Foundation, once: DeclaredRuns): Promise<number> {
  if (options.output === "json") printDocument(cli, "json", await onceDocument(once, blobs));
  if (options.once && !cli.signal.aborted) return once.succeeded() ? EXIT.ok : EXIT.failed;
  terminal.write(`stopped; everything is kept in ${options.state}\n`);
  return options.once ? EXIT.interrupted : EXIT.ok;
}

async function serve(cli: CliDeps, options: UpOptions, repository: FollowedRepository, state: StateDirectory, engine?: ContainerEngine): Promise<number> {
  const begin = cli.clock.now();
  const logger = fileLogger(state.path, options.logLevel);
  const late: LateNode = { node: undefined };
  const { clock, random, env: environment } = cli;
  const plane = await startControlPlane({ clock, random, logger, directory: state.path, port: options.port, late, environment });
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  cli.signal.addEventListener("abort", interrupt, { once: true });
  if (cli.signal.aborted) interrupt();
  try {
    const foundation = await layFoundation(cli, options, state, plane, logger);
    const ready = clock.now() - begin;
    const view = openView(foundation);
    sayHello(view, cli, plane, repository, ready);
    if (foundation.metrics) view.say(`  metrics at ${foundation.metrics.url}`);
    const { informers } = foundation;
    const node = await laptopNode({ cli, options, stateDirectory: state.path, informers, logger, view, engine });
    late.node = node;
    return await conclude(foundation, await runProduct(foundation, view, node, repository, begin, stop));
  } finally {
    cli.signal.removeEventListener("abort", interrupt);
    await plane.stop();
  }
}

/** `flyteops up`: the whole product in this process, until Ctrl-C or, with `--once`, until the declared Runs have finished. */
export async function up(cli: CliDeps, options: UpOptions): Promise<number> {
  if (options.output !== undefined && options.output !== "json") throw new UserError(`-o ${options.output}: only json`, { exitCode: EXIT.usage });
  if (options.output === "json" && !options.once) throw new UserError("-o json goes with --once", { exitCode: EXIT.usage });
  const engine = await chosenEngine(cli, options.runtime);
  const repository = findRepository(options);
  const state = takeStateDirectory(resolve(cli.cwd, options.state));
  try {
    if (repository.local?.workTree) excludeFromGit(repository.local.workTree, repository.local.gitDirectory, state.path);
    return await serve(cli, options, repository, state, engine);
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    if (!(thrown instanceof Failure)) throw thrown;
    throw new UserError(`flyteops up ended: ${messageOf(thrown)}`, { hint: `its log: ${join(state.path, "flyteops.log")}`, cause: thrown });
  } finally {
    state.release();
  }
}
