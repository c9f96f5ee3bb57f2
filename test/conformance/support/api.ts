import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import { parse } from "yaml";

export interface Reply {
  readonly status: number;
  /** JSON as parsed, or text. See `at`. */
  readonly body: unknown;
  /** Texts of `Warning` headers. */
  readonly warnings: readonly string[];
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

export interface Watch extends AsyncIterable<WatchEvent> {
  /** The next event; rejects when none comes within five seconds. */
  next(): Promise<WatchEvent>;
  close(): void;
}

export type PatchType = "merge" | "json" | "strategic" | "apply";

const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** The value at a path of an answer: `at(pod, "spec.containers.0.image")`; undefined where something on the way is missing. */
export function at(answer: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined), answer);
}

export const textAt = (answer: unknown, path: string): string => String(at(answer, path) ?? "");
export const listAt = (answer: unknown, path: string): unknown[] => (at(answer, path) ?? []) as unknown[];

/** Plain HTTPS to a Kubernetes API, so that nothing of ours stands between a promise and the server. */
export interface Api {
  get(path: string): Promise<Reply>;
  create(path: string, body: unknown): Promise<Reply>;
  replace(path: string, body: unknown): Promise<Reply>;
  patch(type: PatchType, path: string, body: unknown): Promise<Reply>;
  delete(path: string, body?: unknown): Promise<Reply>;
  /** GET with these headers, e.g. to ask for a Table. */
  getAs(path: string, accept: string): Promise<Reply>;
  /** GET whose answer is wanted as it came: headers and bytes. */
  getRaw(path: string, headers: Readonly<Record<string, string>>): Promise<RawReply>;
  /** Any request, e.g. one that has no name of its own here. */
  send(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<Reply>;
  watch(path: string): Promise<Watch>;
  close(): Promise<void>;
}

interface KubeconfigFile {
  readonly "current-context": string;
  readonly contexts: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user: string } }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

function material(entry: Readonly<Record<string, string>>, name: string): Buffer | undefined {
  const data = entry[`${name}-data`];
  if (data !== undefined) return Buffer.from(data, "base64");
  const file = entry[name];
  return file === undefined ? undefined : readFileSync(file);
}

interface Access {
  readonly server: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

function accessOf(path: string): Access {
  const file = parse(readFileSync(path, "utf8")) as KubeconfigFile;
  const context = file.contexts.find((one) => one.name === file["current-context"])?.context;
  const cluster = file.clusters.find((one) => one.name === context?.cluster)?.cluster ?? {};
  const user = file.users.find((one) => one.name === context?.user)?.user ?? {};
  const tls = { ca: material(cluster, "certificate-authority"), cert: material(user, "client-certificate"), key: material(user, "client-key") };
  const connect = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  const token = user["token"];
  return {
    server: cluster["server"] ?? "",
    agent: new Agent({ connect }),
    headers: { "user-agent": "conformance/1", ...(token ? { authorization: `Bearer ${token}` } : {}) },
  };
}

function warningsOf(header: string | string[] | undefined): string[] {
  const lines = header === undefined ? [] : Array.isArray(header) ? header : [header];
  return lines.flatMap((line) => [...line.matchAll(/299 \S+ ("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text ?? '""') as string));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of body) {
    const lines = (rest + part.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

const EVENT_MS = 5_000;

async function openWatch({ server, agent, headers }: Access, path: string): Promise<Watch> {
  const stop = new AbortController();
  const response = await request(server + path, {
    dispatcher: agent,
    headers: { ...headers, accept: "application/json" },
    signal: stop.signal,
    bodyTimeout: 0,
  });
  async function* events(): AsyncGenerator<WatchEvent> {
    try {
      for await (const line of linesOf(response.body)) yield JSON.parse(line) as WatchEvent;
    } catch (thrown) {
      if (!stop.signal.aborted) throw thrown;
    }
  }
  const source = events();
  return {
    [Symbol.asyncIterator]: () => source,
    async next() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no event on ${path} within ${EVENT_MS} ms`)), EVENT_MS);
      });
      const next = await Promise.race([source.next(), late]).finally(() => clearTimeout(timer));
      if (next.done) throw new Error(`the watch on ${path} ended`);
      return next.value;
    },
    close: () => stop.abort(),
  };
}

export function openApi(kubeconfig: string): Api {
  const access = accessOf(kubeconfig);
  const { server, agent, headers } = access;
  const call = async (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    type = "application/json",
    accept = "application/json",
  ): Promise<Reply> => {
    const content = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await request(server + path, { method, dispatcher: agent, headers: { ...headers, accept, "content-type": type }, ...content });
    return { status: response.statusCode, body: parsed(await response.body.text()), warnings: warningsOf(response.headers["warning"]) };
  };
  return {
    get: (path) => call("GET", path),
    getAs: (path, accept) => call("GET", path, undefined, "application/json", accept),
    async getRaw(path, more) {
      const response = await request(server + path, { dispatcher: agent, headers: { ...headers, ...more } });
      return { status: response.statusCode, headers: response.headers, bytes: Buffer.from(await response.body.arrayBuffer()) };
    },
    create: (path, body) => call("POST", path, body),
    replace: (path, body) => call("PUT", path, body),
    patch: (type, path, body) => call("PATCH", path, body, PATCH_TYPES[type]),
    delete: (path, body) => call("DELETE", path, body),
    send: (method, path, body) => call(method, path, body, method === "PATCH" ? PATCH_TYPES.merge : "application/json"),
    watch: (path) => openWatch(access, path),
    close: () => agent.close(),
  };
}
