import { once } from "node:events";
import type { IncomingMessage, ServerResponse as HttpResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { messageOf, type Logger } from "../../../base/index.ts";
import type { ServerRequest, ServerResponse } from "../request.ts";
import { failure, statusOf } from "../status.ts";
import { MAX_BODY } from "../wire/decode.ts";
import { jsonResponse } from "../wire/encode.ts";
import type { Pki } from "./pki.ts";
import { upgrades } from "./upgrade.ts";

export interface ListenerDeps {
  readonly handle: (request: ServerRequest) => Promise<ServerResponse>;
  readonly pki: Pki;
  readonly logger: Logger;
  /** 0: any free one. */
  readonly port: number;
}

export interface Listener {
  readonly port: number;
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** Refuses new connections and ends those there are. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
/** Smaller answers are not worth compressing; the real server draws the line here too. */
const GZIP_FROM = 128 * 1024;
const KEEP_ALIVE_MS = 90_000;

const compressed = promisify(gzip) as (data: Uint8Array, options: { level: number }) => Promise<Buffer>;

async function bodyOf(message: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > MAX_BODY) throw failure(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY}`, {});
    parts.push(part);
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts);
}

/** Headers that may be repeated and whose values may hold commas. */
const SEPARATE = /^impersonate-(group|extra-.*)$/;

function headersOf(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in message.headers) {
    const value = message.headers[name];
    if (SEPARATE.test(name)) headers[name] = message.headersDistinct[name]?.join("\n") ?? "";
    else headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  }
  return headers;
}

/** Leaves no listener behind: a slow watcher waits here thousands of times. */
function drainedOrGone(response: HttpResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off("drain", settle).off("close", settle);
      resolve();
    };
    response.on("drain", settle).on("close", settle);
  });
}

async function writeStream(response: HttpResponse, body: AsyncIterable<Uint8Array>): Promise<void> {
  response.flushHeaders();
  for await (const part of body) {
    if (response.destroyed) return;
    if (!response.write(part)) await drainedOrGone(response);
  }
  response.end();
}

async function writeWhole(message: IncomingMessage, response: HttpResponse, body: Uint8Array): Promise<void> {
  const gzips = body.byteLength >= GZIP_FROM && /\bgzip\b/.test(String(message.headers["accept-encoding"] ?? ""));
  const bytes = gzips ? await compressed(body, { level: constants.Z_BEST_SPEED }) : body;
  if (gzips) response.setHeader("content-encoding", "gzip");
  response.setHeader("content-length", bytes.byteLength);
  response.end(message.method === "HEAD" ? undefined : bytes);
}

async function answer({ handle }: ListenerDeps, message: IncomingMessage, response: HttpResponse): Promise<void> {
  const gone = new AbortController();
  // Only of those who left early: an AbortError costs more than many an answer.
  response.once("close", () => response.writableFinished || gone.abort());
  let result: ServerResponse;
  try {
    const body = await bodyOf(message);
    result = await handle({ method: message.method ?? "GET", path: message.url ?? "/", headers: headersOf(message), body, signal: gone.signal });
  } catch (thrown) {
    const status = statusOf(thrown);
    result = jsonResponse(status.code, status);
    response.setHeader("connection", "close");
  }
  response.statusCode = result.status;
  response.setHeader("cache-control", "no-cache, private");
  for (const [name, value] of Object.entries(result.headers)) response.setHeader(name, value);
  await (result.body instanceof Uint8Array ? writeWhole(message, response, result.body) : writeStream(response, result.body));
}

/** Serves over TLS on the loopback address only. */
export async function listen(deps: ListenerDeps): Promise<Listener> {
  const { pki, logger, port } = deps;
  const server = createServer({ key: pki.key, cert: pki.certificate, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true, keepAlive: true }, (message, response) => {
    answer(deps, message, response).catch((thrown: unknown) => {
      logger.debug("connection ended early", { path: message.url, error: messageOf(thrown) });
      response.destroy();
    });
  });
  const streams = upgrades(deps);
  server.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    streams.accept(message, socket, head, { method: message.method ?? "GET", path: message.url ?? "/", headers: headersOf(message) });
  });
  server.listen(port, HOST);
  await once(server, "listening");
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `https://${HOST}:${bound}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      streams.close();
      await closed;
    },
  };
}
