import { Kinds, apiClient, clusterTransport, collectionPath, type KindRef, type ObjectClient, type Transport } from "../../kube/index.ts";
import { until } from "../measure.ts";
import type { Scratch } from "../scratch.ts";
import { benchDefinition, BENCH_KIND } from "./samples.ts";

/** One API server under load, with a namespace of our own in it. */
export interface Target {
  readonly client: ObjectClient;
  readonly namespace: string;
  /** Sends one request, reads its answer without looking into it and returns its length. Rejects unless it is 2xx. */
  send(method: Method, path: string, body?: object): Promise<number>;
  /** Counts the lines of a watch as they arrive, without parsing them. */
  watchLines(kind: KindRef, resourceVersion: string, signal: AbortSignal, onLines: (count: number) => void): Promise<void>;
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

const NEWLINE = 10;

async function exchange(transport: Transport, method: Method, path: string, body?: object): Promise<number> {
  const headers = { accept: "application/json", "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" };
  const answer = await transport.send({ method, path, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${Buffer.concat(parts).toString("utf8", 0, 500)}`);
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

async function countWatched(transport: Transport, path: string, signal: AbortSignal, onLines: (count: number) => void): Promise<void> {
  const answer = await transport.send({ method: "GET", path, headers: { accept: "application/json" }, signal });
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status}`);
  try {
    for await (const part of answer.body) onLines(countNewlines(part));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

async function prepare(client: ObjectClient, namespace: string): Promise<void> {
  await client.create(Kinds.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const definition = benchDefinition();
  await client.patch(Kinds.CustomResourceDefinition, { name: definition.metadata.name ?? "" }, { type: "apply", body: definition, force: true });
  await until("the bench kind to be served", 30_000, () =>
    client.list(BENCH_KIND, { namespace, limit: 1 }).then(
      () => true,
      () => undefined,
    ),
  );
}

/** Connects over TLS, makes a namespace and installs the bench kind; both are deleted with the scratch. */
export async function connect(kubeconfig: string, scratch: Scratch, cleanUp: boolean): Promise<Target> {
  const access = await clusterTransport({ kubeconfig: [kubeconfig] });
  scratch.defer(() => access.close());
  const client = apiClient(access.transport);
  const namespace = `flyteops-bench-${process.pid}`;
  if (cleanUp) {
    scratch.defer(async () => {
      await client.delete(Kinds.Namespace, { name: namespace });
      await client.delete(Kinds.CustomResourceDefinition, { name: benchDefinition().metadata.name ?? "" });
    });
  }
  await prepare(client, namespace);
  return {
    client,
    namespace,
    send: (method, path, body) => exchange(access.transport, method, path, body),
    watchLines: (kind, resourceVersion, signal, onLines) =>
      countWatched(access.transport, `${collectionPath(kind, namespace)}?watch=1&resourceVersion=${resourceVersion}`, signal, onLines),
  };
}
