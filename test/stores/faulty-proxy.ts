import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request instead of, or after, its way to the server. */
export type Fault =
  /** Passed on unharmed. */
  | { readonly kind: "pass" }
  /** The connection is cut before the server hears of the request. */
  | { readonly kind: "reset" }
  /** The server does its work; its answer is lost. */
  | { readonly kind: "lost" }
  | { readonly kind: "status"; readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** The answer breaks off after some bytes of its body. */
  | { readonly kind: "truncate"; readonly bytes: number };

export interface FaultyProxy {
  readonly endpoint: string;
  /** Every request that came, as `PUT /bucket/key`. */
  readonly seen: string[];
  /** Decides about each request, in the order they come; `tries` counts those for the same method and path before. */
  fault: (line: string, tries: number) => Fault;
  close(): Promise<void>;
}

function forward(target: URL, from: IncomingMessage, body: Buffer): Promise<{ readonly answer: IncomingMessage; readonly bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    // The signature covers the host that the client spoke to.
    const sent = request({ host: target.hostname, port: target.port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve({ answer, bytes: Buffer.concat(chunks) }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function answerBy(fault: Fault, target: URL, from: IncomingMessage, to: ServerResponse): Promise<void> {
  if (fault.kind === "reset") return void to.destroy();
  const body = await bodyOf(from);
  if (fault.kind === "status") return void to.writeHead(fault.status, fault.headers).end(fault.body ?? "");
  const { answer, bytes } = await forward(target, from, body);
  if (fault.kind === "lost") return void to.destroy();
  to.writeHead(answer.statusCode ?? 500, answer.headers);
  if (fault.kind === "pass" || bytes.length <= fault.bytes) return void to.end(bytes);
  to.write(bytes.subarray(0, fault.bytes), () => to.destroy());
}

/** A loopback proxy before a store that breaks what it is told to. */
export async function faultyProxy(endpoint: string): Promise<FaultyProxy> {
  const target = new URL(endpoint);
  const counts = new Map<string, number>();
  const proxy: { -readonly [K in keyof FaultyProxy]: FaultyProxy[K] } = {
    endpoint: "",
    seen: [],
    fault: () => ({ kind: "pass" }),
    close: () => Promise.resolve(),
  };
  const server = createServer((from, to) => {
    const line = `${from.method} ${from.url}`;
    const tries = counts.get(line) ?? 0;
    counts.set(line, tries + 1);
    proxy.seen.push(line);
    answerBy(proxy.fault(line, tries), target, from, to).catch(() => to.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname.replace(/\/$/, "")}`;
  proxy.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return proxy;
}
