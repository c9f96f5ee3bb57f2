import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TerminalFailure } from "../../base/index.ts";

export interface Page {
  readonly status: number;
  readonly type?: string;
  readonly text: string;
}

export interface PlainServer {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly address: string;
  close(): Promise<void>;
}

/** `:8081`, `127.0.0.1:8081`, `[::1]:8081`. */
function listenOptions(address: string): { readonly port: number; readonly host?: string } {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "");
  return { port: Number(address.slice(at + 1)), ...(host === "" ? {} : { host }) };
}

/** A small HTTP server: path to page, GET and HEAD only. Rejects with TerminalFailure when it may not listen there. */
export async function plainServer(address: string, pages: Readonly<Record<string, () => Promise<Page> | Page>>): Promise<PlainServer> {
  const server = createServer((request, response) => {
    const send = ({ status, type = "text/plain; charset=utf-8", text }: Page) => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    const page = pages[(request.url ?? "/").split("?")[0] ?? "/"];
    if (request.method !== "GET" && request.method !== "HEAD") return send({ status: 405, text: "only GET and HEAD\n" });
    if (!page) return send({ status: 404, text: `known: ${Object.keys(pages).join(", ")}\n` });
    Promise.resolve()
      .then(page)
      .then(send, (thrown: unknown) => send({ status: 500, text: `${String(thrown)}\n` }));
  });
  // Probes and scrapers that open connections and say nothing shall not keep them.
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new TerminalFailure("AddressNotUsable", `cannot listen on ${address}: ${error.message}`, { cause: error })));
    server.listen(listenOptions(address), resolve);
  });
  const { address: host, port, family } = server.address() as AddressInfo;
  return {
    address: `${family === "IPv6" ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
