import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ANNOTATION } from "../../base/index.ts";
import { type GitSync, GitSyncKind, TaskKind, WorkflowKind } from "../../crds/index.ts";
import type { KindRef, ObjectClient, Stored } from "../../kube/index.ts";
import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import { median, until } from "../measure.ts";
import { libraryFiles, libraryPath, libraryTask, NAMESPACE } from "./manifests.ts";
import { newRepository, type Repository } from "./repository.ts";
import { FOLLOWED, followedSync, isSynced } from "./settle.ts";
import { startProduct } from "./start-product.ts";

const FIRST_SYNC_MS = 300_000;
/** The repository has come to rest when nothing was written for so long. */
const REST_MS = 2_000;

async function newestVersion(client: ObjectClient): Promise<number> {
  return Number((await client.list(GitSyncKind, { namespace: FOLLOWED.namespace, limit: 1 })).resourceVersion);
}

/** Resolves with the moment at which the last write was seen. */
async function atRest(client: ObjectClient): Promise<number> {
  let [version, since] = [await newestVersion(client), performance.now()];
  await until(
    "the control plane to come to rest",
    FIRST_SYNC_MS,
    async () => {
      const now = await newestVersion(client);
      if (now !== version) [version, since] = [now, performance.now()];
      return performance.now() - since > REST_MS ? true : undefined;
    },
    100,
  );
  return since;
}

/** Resolves with the first event that satisfies, and when it came; the watch stands before `act` is called. */
async function seenAfter(
  client: ObjectClient,
  kind: KindRef,
  namespace: string,
  act: () => Promise<void> | void,
  satisfies: (object: Stored) => boolean,
): Promise<{ object: Stored; at: number }> {
  const { resourceVersion } = await client.list(kind, { namespace, limit: 1 });
  const stop = new AbortController();
  const giveUp = setTimeout(() => stop.abort(), 60_000);
  try {
    const events = client.watch(kind, { namespace, resourceVersion, signal: stop.signal })[Symbol.asyncIterator]();
    let next = events.next();
    // The request for the watch is on its way before what it shall see.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await act();
    for (;;) {
      const { value, done } = await next;
      if (done) throw new Error(`waited in vain for a change of a ${kind.kind}`);
      if (value.type !== "BOOKMARK" && satisfies(value.object)) return { object: value.object, at: performance.now() };
      next = events.next();
    }
  } finally {
    clearTimeout(giveUp);
    stop.abort();
  }
}

interface EnvOfTask {
  readonly container?: { readonly env?: readonly { readonly value?: string }[] };
}

async function commitOneFile(client: ObjectClient, repository: Repository, index: number, version: number): Promise<number> {
  let committed = NaN;
  const change = () => {
    repository.write({ [libraryPath("tasks", index)]: [libraryTask(index, version)] });
    repository.commit(`Version ${version}`);
    committed = performance.now();
  };
  const applied = (object: Stored) => object.metadata.name === `task-${index}` && (object["spec"] as EnvOfTask).container?.env?.[0]?.value === String(version);
  const { at } = await seenAfter(client, TaskKind, NAMESPACE, change, applied);
  return at - committed;
}

interface Resync {
  readonly ms: number;
  readonly writes: number;
}

/** Asks for a pass over an unchanged repository. The request and the answer in the status are two writes; more are counted. */
async function resync(client: ObjectClient, turn: number): Promise<Resync> {
  let [asked, askedVersion] = [NaN, NaN];
  const ask = async () => {
    asked = performance.now();
    const patch = { type: "merge", body: { metadata: { annotations: { [ANNOTATION.requestedAt]: `turn-${turn}` } } } } as const;
    askedVersion = Number((await client.patch<GitSync>(GitSyncKind, FOLLOWED, patch)).metadata.resourceVersion);
  };
  const handled = (object: Stored) => (object as Stored<GitSync>).status?.lastHandledReconcileAt === `turn-${turn}`;
  const { object, at } = await seenAfter(client, GitSyncKind, FOLLOWED.namespace, ask, handled);
  return { ms: at - asked, writes: Number(object.metadata.resourceVersion) - askedVersion - 1 };
}

async function repeated<T>(times: number, work: (turn: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let turn = 1; turn <= times; turn++) results.push(await work(turn));
  return results;
}

/** Resident memory of a process, MiB. */
function residentMiB(pid: number): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1_024;
}

interface Measured {
  readonly rows: Row[];
  readonly memory: number;
}

async function measure(context: BenchContext): Promise<Measured> {
  const { objects: manifests, repeat } = context.options;
  const directory = await context.scratch.directory("commit");
  context.say(`commit: writing a repository of ${manifests} manifests`);
  const repository = newRepository(join(directory, "repository"), libraryFiles(manifests));
  const begin = performance.now();
  const { client, pid } = await startProduct(context, { repository: repository.directory, state: join(directory, "state") });
  context.say("commit: first sync");
  await until("the first sync", FIRST_SYNC_MS, async () => ((await followedSync(client).then(isSynced, () => false)) ? true : undefined), 100);
  const synced = performance.now() - begin;
  const compiled = (await atRest(client)) - begin;
  const memory = residentMiB(pid);
  const { items } = await client.list(WorkflowKind, { namespace: NAMESPACE, limit: 1 });
  if (items.length === 0) throw new Error("the repository was not applied");
  context.say("commit: one-file commits");
  const commits = await repeated(repeat, (turn) => commitOneFile(client, repository, turn * 7, turn));
  await atRest(client);
  context.say("commit: resyncs of an unchanged repository");
  const resyncs = await repeated(repeat, (turn) => resync(client, turn));
  const times = resyncs.map(({ ms }) => ms);
  const rows = [
    { what: "first sync, until all is applied", times: 1, "median ms": synced },
    { what: "first sync, until all is compiled and nothing moves", times: 1, "median ms": compiled },
    { what: "one-file commit → seen applied", times: repeat, "median ms": median(commits), "slowest ms": Math.max(...commits), aim: "< 1,000" },
    { what: "resync of the unchanged repository", times: repeat, "median ms": median(times), "slowest ms": Math.max(...times), aim: "< 200" },
    {
      what: "  writes of such a resync besides its answer",
      times: repeat,
      "median ms": undefined,
      writes: Math.max(...resyncs.map(({ writes }) => writes)),
      aim: "0",
    },
  ];
  return { rows, memory };
}

export const commit: Benchmark = {
  name: "commit",
  summary: "a one-file commit in a repository of 10,000 manifests, and a resync without a change",
  async run(context) {
    const columns = ["what", "times", "median ms", "slowest ms", "writes", "aim"];
    const title = `A repository of ${context.options.objects.toLocaleString("en-US")} manifests`;
    const { rows, memory } = await measure(context);
    const notes = [
      `The first sync started with flyteops itself. After it, its process takes ${memory.toFixed(0)} MiB (everything in one process, PostgreSQL aside).`,
    ];
    return [{ title, columns, rows, notes }];
  },
};
