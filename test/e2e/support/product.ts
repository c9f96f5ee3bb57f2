import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunKind, type Run } from "../../../crds/index.ts";
import { apiClient, clusterTransport, type KindRef, type KubeObject, type ObjectClient, type ObjectRef, type Stored } from "../../../kube/index.ts";
import { type Ended, environment, expectExit, flyteops, type Program, startFlyteops } from "./program.ts";

/** A directory of its own per test file, and everything that was started from it: both are gone after `clear`. */
export interface Bench {
  readonly directory: string;
  path(...names: readonly string[]): string;
  readonly env: Record<string, string | undefined>;
  /** Digits that no other bench has: a program with them in its command line is ours. */
  readonly mark: string;
  /** Called by `clear`, the last one first. */
  defer(end: () => Promise<unknown> | unknown): void;
  clear(): Promise<void>;
}

export function bench(): Bench {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "flyteops-e2e-")));
  const ends: (() => Promise<unknown> | unknown)[] = [];
  return {
    directory,
    path: (...names) => join(directory, ...names),
    env: environment(directory),
    mark: String(randomInt(1e9, 1e10)),
    defer: (end) => void ends.push(end),
    async clear() {
      for (const end of ends.reverse()) await end();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A running `flyteops up`, seen through its API and its command line. */
export interface Product {
  readonly program: Program;
  readonly state: string;
  readonly kubeconfig: string;
  readonly client: ObjectClient;
  /** `flyteops …` against it, from the bench's directory. */
  cli(...args: readonly string[]): Promise<Ended>;
  start(...args: readonly string[]): Program;
  /** The object once it satisfies; the newest state of it in the error when it does not in time. */
  sees<T extends KubeObject>(kind: KindRef, ref: ObjectRef, satisfied: (object: Stored<T> | undefined) => boolean): Promise<Stored<T>>;
  /** Creates the Run and waits for its end. */
  run(run: { readonly name: string; readonly namespace?: string; readonly spec: Record<string, unknown> }): Promise<Stored<Run>>;
  stop(signal?: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<Ended>;
}

const PATIENCE_MS = 40_000;
const ENDED = ["Succeeded", "Failed", "Aborted", "TimedOut"];
export const PROJECT = "ml";
export const NAMESPACE = `${PROJECT}-development`;

/** Follows an object until it satisfies: also a state that is soon replaced is seen. */
export async function watchFor<T extends KubeObject>(
  client: ObjectClient,
  kind: KindRef,
  ref: ObjectRef,
  satisfied: (object: Stored<T> | undefined) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<Stored<T>> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(patienceMs)]);
  const where = { namespace: ref.namespace, fieldSelector: `metadata.name=${ref.name}` };
  let last: Stored<T> | undefined;
  try {
    while (!signal.aborted) {
      const { items, resourceVersion } = await client.list<T>(kind, where);
      last = items[0];
      if (satisfied(last)) return last as Stored<T>;
      for await (const event of client.watch<T>(kind, { ...where, resourceVersion, signal })) {
        if (event.type === "BOOKMARK") continue;
        last = event.object;
        if (satisfied(event.type === "DELETED" ? undefined : event.object)) return event.object;
      }
    }
  } finally {
    done.abort();
  }
  const { managedFields: _, ...metadata } = last?.metadata ?? { managedFields: [] };
  throw new Error(`${kind.kind} ${ref.name} is not as expected after ${patienceMs / 1_000} s: ${JSON.stringify(last && { ...last, metadata }, null, 1)}`);
}

export interface UpOptions {
  readonly repo: string;
  readonly state?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `flyteops up` and waits for its API. */
export async function up(on: Bench, options: UpOptions): Promise<Product> {
  const state = options.state ?? on.path("state");
  const env = { ...on.env, ...options.env };
  const program = startFlyteops(["up", "--repo", options.repo, "--state", state, ...(options.args ?? [])], { cwd: on.directory, env });
  on.defer(() => program.stop("SIGTERM"));
  await program.says(/Kubernetes API at/);
  const kubeconfig = join(state, "kubeconfig");
  const access = await clusterTransport({ kubeconfig: [kubeconfig] });
  on.defer(() => access.close());
  const client = apiClient(access.transport);
  const cliEnv = { ...on.env, KUBECONFIG: kubeconfig };
  const sees: Product["sees"] = (kind, ref, satisfied) => watchFor(client, kind, ref, satisfied);
  return {
    program,
    state,
    kubeconfig,
    client,
    cli: (...args) => flyteops(args, { cwd: on.directory, env: cliEnv }),
    start: (...args) => startFlyteops(args, { cwd: on.directory, env: cliEnv }),
    sees,
    async run({ name, namespace = NAMESPACE, spec }) {
      await client.create(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name, namespace }, spec } as KubeObject);
      return sees<Run>(RunKind, { namespace, name }, hasEnded);
    },
    stop: (signal) => program.stop(signal),
  };
}

export const hasEnded = (run: Stored<Run> | undefined): boolean => ENDED.includes(run?.status?.phase ?? "");

/** `flyteops up --once -o json`: the document and how it ended. */
export async function upOnce(on: Bench, options: UpOptions, code: number): Promise<{ document: OnceDocument; ended: Ended }> {
  const state = options.state ?? on.path("state");
  const args = ["up", "--repo", options.repo, "--state", state, "--once", "-o", "json", ...(options.args ?? [])];
  const ended = await expectExit(code, flyteops(args, { cwd: on.directory, env: on.env }));
  return { document: JSON.parse(ended.out) as OnceDocument, ended };
}

export interface OnceDocument {
  readonly runs: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly phase: string;
    readonly outputs: Readonly<Record<string, unknown>>;
    readonly error?: { readonly code: string; readonly message: string; readonly node?: string };
  }[];
  readonly problems: readonly { readonly file: string; readonly line: number; readonly column: number; readonly code: string; readonly message: string }[];
}

/** The log of an `up`, for the message of a test that fails. */
export function logOf(state: string): string {
  const file = join(state, "flyteops.log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
