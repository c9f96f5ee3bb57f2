import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allKinds, type GitSync, GitSyncKind, type Run, RunKind } from "../../crds/index.ts";
import { apiClient, clusterTransport, Kinds, type KubeObject, type ObjectClient } from "../../kube/index.ts";
import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import { create } from "../api/operations.ts";
import { podLifecycle, readyForPods } from "../api/pod-lifecycle.ts";
import { taskActions } from "../api/samples.ts";
import { connect } from "../api/target.ts";
import { median, percentile, until } from "../measure.ts";
import { chainWorkflow, helloTask, helloWorkflow, libraryFiles, NAMESPACE, passTask, run } from "../product/manifests.ts";
import { newRepository } from "../product/repository.ts";
import { FOLLOWED, followedSync, isSynced, runToEnd, workflowReady } from "../product/settle.ts";
import { timeline } from "../product/timeline.ts";
import { startEmbedded } from "../start-embedded.ts";

const UNITS = 1_000;
const RUNS = 200;
const CLIENTS = 32;
const CHAIN = 30;
const LIMIT_MS = 300_000;

/** One control plane with the product on it. */
interface Plane {
  readonly name: string;
  readonly client: ObjectClient;
  readonly repository: string;
}

/** A cluster with our kinds in it may be somebody's installation: nothing is measured there. */
async function refuseInstallation(client: ObjectClient): Promise<void> {
  const known = await client.list(Kinds.CustomResourceDefinition);
  const ours = known.items.filter(({ metadata }) => metadata.name.endsWith(".flyte.org") && !metadata.name.endsWith(".bench.flyte.org"));
  if (ours.length > 0) throw new Error(`the peer has ${ours[0]?.metadata.name} already: planes makes and deletes these kinds, and wants a cluster of its own`);
}

/** Everything of ours leaves the cluster: kinds, then what the Project and the installation implied. */
async function sweep(client: ObjectClient): Promise<void> {
  for (const kind of allKinds) {
    const held = await client.list(kind).catch(() => ({ items: [] }));
    for (const { metadata } of held.items) {
      await client.patch(kind, metadata, { type: "merge", body: { metadata: { finalizers: null } } }).catch(() => undefined);
    }
    await client.delete(Kinds.CustomResourceDefinition, { name: `${kind.plural}.${kind.group}` });
  }
  const pods = await client.list(Kinds.Pod, { namespace: NAMESPACE });
  for (const { metadata } of pods.items)
    await client.patch(Kinds.Pod, metadata, { type: "merge", body: { metadata: { finalizers: null } } }).catch(() => undefined);
  for (const name of [NAMESPACE, FOLLOWED.namespace]) await client.delete(Kinds.Namespace, { name });
}

async function startControllers({ scratch }: BenchContext, kubeconfig: string, directory: string): Promise<void> {
  const child = fork(fileURLToPath(new URL("controllers.ts", import.meta.url)), [kubeconfig, directory], { execArgv: process.execArgv });
  const ended = once(child, "exit");
  scratch.defer(async () => {
    if (child.connected) child.send("stop");
    await ended;
  });
  await Promise.race([once(child, "message"), ended.then(() => Promise.reject(new Error("the controllers ended")))]);
}

async function start(context: BenchContext, name: string, kubeconfig: string): Promise<Plane> {
  const { scratch } = context;
  const directory = await scratch.directory(`planes-${name}`);
  const access = await clusterTransport({ kubeconfig: [kubeconfig] });
  scratch.defer(() => access.close());
  const client = apiClient(access.transport);
  if (name === "peer") {
    await refuseInstallation(client);
    scratch.defer(() => sweep(client));
  }
  await startControllers(context, kubeconfig, directory);
  const small = { "small.yaml": [helloTask, helloWorkflow, passTask, chainWorkflow(CHAIN)] };
  return { name, client, repository: newRepository(join(directory, "repository"), { ...libraryFiles(UNITS - 4), ...small }).directory };
}

/** Milliseconds from the creation of the GitSync until all units are applied. */
async function firstApply({ client, repository }: Plane): Promise<number> {
  const { namespace, name } = FOLLOWED;
  const sync = { apiVersion: "flyte.org/v1", kind: "GitSync", metadata: { namespace, name }, spec: { url: `file://${repository}` } as GitSync["spec"] };
  const begin = performance.now();
  await client.create(GitSyncKind, sync as unknown as KubeObject);
  await until("the first sync", LIMIT_MS, async () => (isSynced(await followedSync(client)) ? true : undefined), 50);
  return performance.now() - begin;
}

/** One-pod Runs per second: all are made by 32 clients, and the last has succeeded. */
async function runsPerSecond({ client }: Plane): Promise<number> {
  await workflowReady(client, "hello");
  const begin = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < RUNS) await client.create(RunKind, run(`many-${next++}`, "hello"));
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
  const done = async () => {
    const { items } = await client.list<Run>(RunKind, { namespace: NAMESPACE });
    const phases = items.map(({ status }) => status?.phase ?? "");
    const failed = phases.find((phase) => ["Failed", "Aborted", "TimedOut"].includes(phase));
    if (failed) throw new Error(`a run is ${failed}`);
    return phases.filter((phase) => phase === "Succeeded").length === RUNS ? true : undefined;
  };
  await until("all runs", LIMIT_MS, done, 50);
  return RUNS / ((performance.now() - begin) / 1_000);
}

async function hops({ client }: Plane): Promise<number[]> {
  await workflowReady(client, "chain");
  const line = await timeline(client);
  try {
    await runToEnd(client, line, "chain-1", "chain");
    const pods = line.names("Pod");
    const times = pods.slice(1).map((pod, index) => (line.at("Pod", pod, "created") ?? NaN) - (line.at("Pod", pods[index] ?? "", "phase=Succeeded") ?? NaN));
    return times.filter((time) => !Number.isNaN(time));
  } finally {
    await line.stop();
  }
}

async function measure(context: BenchContext, name: string, kubeconfig: string): Promise<Row[]> {
  const { say, scratch, options } = context;
  say(`planes: ${name}, raw`);
  const raw = await connect(kubeconfig, scratch, name === "peer");
  await readyForPods(raw);
  const creates = (await create.run(raw, taskActions, CLIENTS, options.seconds)).rate;
  const lifecycles = (await podLifecycle(raw, CLIENTS, options.seconds)).rate;
  const plane = await start(context, name, kubeconfig);
  say(`planes: ${name}, first apply of ${UNITS} units`);
  const applied = UNITS / ((await firstApply(plane)) / 1_000);
  say(`planes: ${name}, ${RUNS} runs of one pod`);
  const runs = await runsPerSecond(plane);
  say(`planes: ${name}, a chain of ${CHAIN} tasks`);
  const hop = await hops(plane);
  return [
    { plane: name, what: `first apply of ${UNITS} units`, "per s": applied, raw: "custom resource create ×32", "raw per s": creates, ratio: applied / creates },
    { plane: name, what: "one-pod runs", "per s": runs, raw: "pod lifecycle ×32", "raw per s": lifecycles, ratio: runs / lifecycles },
    { plane: name, what: "pod Succeeded → next pod created", "p50 ms": median(hop), "p99 ms": percentile(hop, 0.99) },
  ];
}

export const planes: Benchmark = {
  name: "planes",
  summary: "the controllers on the embedded API and on the peer, with pods that end at once: first apply, one-pod runs, hop, beside the raw ceilings",
  async run(context) {
    const server = await startEmbedded(context);
    const rows = await measure(context, "embedded", server.kubeconfig);
    if (context.options.peer !== undefined) rows.push(...(await measure(context, "peer", context.options.peer)));
    const columns = ["plane", "what", "per s", "raw", "raw per s", "ratio", "p50 ms", "p99 ms"];
    const notes = ["Controllers, load and API server share the cores. No container is started: a pod succeeds as soon as it is seen."];
    return [{ title: "flyteops on both control planes", columns, rows, notes }];
  },
};
