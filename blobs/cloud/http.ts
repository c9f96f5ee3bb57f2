import type { Dispatcher } from "undici";
import { collect } from "../chunks.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** `https://host:port` */
  readonly origin: string;
  /** Path and query exactly as they are sent: already encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to its end, or left by `return`, or the connection is lost to the pool. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends one request, once. Rejects when no whole answer came: no connection, a reset, a timeout. */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

/** The largest answer that is read whole: a page of a listing, an error, a token. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;

export async function textOf({ body }: HttpResponse): Promise<string> {
  const bytes = await collect(body, MAX_TEXT_BYTES);
  if (bytes === undefined) throw new Error(`the answer is longer than ${MAX_TEXT_BYTES} bytes`);
  return bytes.toString("utf8");
}

export interface HttpOptions {
  readonly connectTimeoutMs: number;
  /** Longest wait for the head of an answer, and between two pieces of its body. */
  readonly idleTimeoutMs: number;
  /** Proxies and certificates as programs usually learn them: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, AWS_CA_BUNDLE. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Longest time an idle connection is kept: shorter than what servers and balancers keep theirs. */
const KEEP_ALIVE_MS = 15_000;

async function dispatcherOf({ connectTimeoutMs, idleTimeoutMs, environment }: HttpOptions): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import("undici");
  const read = (name: string) => environment[name] ?? environment[name.toLowerCase()];
  const bundle = environment["AWS_CA_BUNDLE"];
  const ca = bundle ? { ca: await (await import("node:fs/promises")).readFile(bundle) } : {};
  const options = { connect: { timeout: connectTimeoutMs, ...ca }, headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs, keepAliveTimeout: KEEP_ALIVE_MS };
  const [httpProxy, httpsProxy, noProxy] = [read("HTTP_PROXY"), read("HTTPS_PROXY"), read("NO_PROXY")];
  if (!httpProxy && !httpsProxy) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  });
}

/** HTTP with kept connections. The library is loaded with the first request: a program that needs no object store does not pay for it. */
export function httpClient(options: HttpOptions): Http {
  let dispatcher: Promise<Dispatcher> | undefined;
  return async ({ method, origin, path, headers, body }) => {
    dispatcher ??= dispatcherOf(options);
    const answer = await (await dispatcher).request({ method, origin, path, headers, ...(body === undefined ? {} : { body }) });
    const flat = Object.entries(answer.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    return { status: answer.statusCode, headers: Object.fromEntries(flat) as Record<string, string>, body: answer.body };
  };
}
