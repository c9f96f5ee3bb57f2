import { virtualClock, type VirtualClock } from "../../../test/support/virtual-clock.ts";
import { memoryApiServer, type MemoryServerOptions } from "../memory-server.ts";
import type { ServerRequest, User } from "../request.ts";
import type { ApiServer } from "../server.ts";

export const ADMIN: User = { name: "admin", groups: ["system:masters", "system:authenticated"] };

/** An answer, its body read to the end. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON, loosely typed: tests look at what they expect. */
  readonly json: Loose;
}

/** JSON of unknown shape, for assertions. */
export interface Loose {
  readonly [field: string]: Loose;
}

export interface Stream {
  /** The next event of a watch, or undefined at its end. */
  next(): Promise<{ type: string; object: Loose } | undefined>;
  close(): void;
}

export interface Harness {
  readonly server: ApiServer;
  readonly clock: VirtualClock;
  call(method: string, path: string, body?: unknown, more?: Partial<ServerRequest>): Promise<Answer>;
  patch(path: string, body: unknown, type?: string): Promise<Answer>;
  watch(path: string): Promise<Stream>;
}

async function bytesOf(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

function parsed(text: string): Loose {
  try {
    return JSON.parse(text) as Loose;
  } catch {
    return {};
  }
}

function streamOf(body: AsyncIterable<Uint8Array>, close: () => void): Stream {
  const parts = body[Symbol.asyncIterator]();
  let waiting: string[] = [];
  return {
    async next() {
      while (waiting.length === 0) {
        const part = await parts.next();
        if (part.done) return undefined;
        waiting = Buffer.from(part.value).toString().trim().split("\n");
      }
      return JSON.parse(waiting.shift() ?? "") as { type: string; object: Loose };
    },
    close,
  };
}

/** A server in memory, asked through `handle` as its administrator. */
export async function harness(options: Partial<MemoryServerOptions> = {}): Promise<Harness> {
  const clock = virtualClock();
  const server = await memoryApiServer({ clock, ...options });
  const request = (method: string, path: string, body?: unknown): ServerRequest => ({
    method,
    path,
    headers: { "content-type": "application/json", "user-agent": "test/1" },
    body: body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    identity: ADMIN,
  });
  const call: Harness["call"] = async (method, path, body, more = {}) => {
    const base = request(method, path, body);
    const answer = await server.handle({ ...base, ...more, headers: { ...base.headers, ...more.headers } });
    const text = await bytesOf(answer.body);
    return { status: answer.status, headers: answer.headers, text, json: parsed(text) };
  };
  return {
    server,
    clock,
    call,
    patch: (path, body, type = "application/merge-patch+json") => call("PATCH", path, body, { headers: { "content-type": type } }),
    async watch(path) {
      const gone = new AbortController();
      const { body } = await server.handle({ ...request("GET", path), signal: gone.signal });
      if (body instanceof Uint8Array) throw new Error(Buffer.from(body).toString());
      return streamOf(body, () => gone.abort());
    },
  };
}

/** A definition of kind Widget in group `test.dev`, with a status subresource. */
export function widgetDefinition(changes: Readonly<Record<string, unknown>> = {}, names: Readonly<Record<string, unknown>> = {}): object {
  const spec = { type: "object", properties: { size: { type: "integer", minimum: 1, default: 3 }, color: { type: "string" } } };
  const schema = { type: "object", properties: { spec, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } };
  const plural = String(names["plural"] ?? "widgets");
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.test.dev` },
    spec: {
      group: "test.dev",
      scope: "Namespaced",
      names: { kind: "Widget", plural: "widgets", shortNames: ["wd"], ...names },
      versions: [{ name: "v1", served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: schema } }],
      ...changes,
    },
  };
}

export const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
export const WIDGETS = "/apis/test.dev/v1/namespaces/default/widgets";

export function widget(name: string, spec: object = {}, metadata: object = {}): object {
  return { apiVersion: "test.dev/v1", kind: "Widget", metadata: { name, ...metadata }, spec };
}
