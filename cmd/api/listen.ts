import { createServer as createHttp1, type Server } from "node:http";
import { createServer as createHttp2, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

export interface ApiListener {
  readonly port: number;
  /** Takes no more calls, ends streams, and resolves when the last is gone. */
  close(): Promise<void>;
}

/** Who has not said the first word by then is let go. */
const FIRST_WORD_MS = 10_000;
const PREFACE = "PRI";

/** Hands a connection to HTTP/2 when it opens with its preface, else to HTTP/1.1: gRPC and browsers share one port without TLS. */
function divided(http1: Server, http2: ReturnType<typeof createHttp2>) {
  return (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    socket.setTimeout(FIRST_WORD_MS, () => socket.destroy());
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (!first) return;
      socket.setTimeout(0);
      socket.unshift(first);
      (first.subarray(0, PREFACE.length).toString("latin1") === PREFACE ? http2 : http1).emit("connection", socket);
    });
  };
}

/** The connections of HTTP/1.1, by how many calls are in hand on each: a server that does not listen itself does not keep this list. */
function busyConnections(http1: Server) {
  const calls = new Map<Socket, number>();
  let closing = false;
  http1.on("connection", (socket: Socket) => {
    calls.set(socket, 0);
    socket.on("close", () => calls.delete(socket));
  });
  http1.on("request", (request, response) => {
    const { socket } = request;
    calls.set(socket, (calls.get(socket) ?? 0) + 1);
    response.on("close", () => {
      const left = (calls.get(socket) ?? 1) - 1;
      if (calls.has(socket)) calls.set(socket, left);
      if (closing && left === 0) socket.end();
    });
  });
  return {
    /** Ends those that are idle, and the others when their calls are answered. */
    close() {
      closing = true;
      for (const [socket, count] of calls) if (count === 0) socket.end();
    },
    destroy() {
      for (const socket of calls.keys()) socket.destroy();
    },
  };
}

/**
 * Serves Connect, gRPC-Web and JSON over HTTP/1.1, and gRPC over HTTP/2, on one port without TLS.
 * @param host "" for every address of the machine
 */
export async function listenForCalls(
  routes: (router: ConnectRouter) => void,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ApiListener> {
  const stopping = new AbortController();
  const handler = connectNodeAdapter({ routes, shutdownSignal: stopping.signal, readMaxBytes: 4 * 1024 * 1024 });
  const http1 = createHttp1(handler);
  const http2 = createHttp2(handler);
  const connections = busyConnections(http1);
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  const server = createServer(divided(http1, http2));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host === "" ? undefined : host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      connections.close();
      const impatience = setTimeout(() => {
        connections.destroy();
        for (const session of sessions) session.destroy();
      }, 2_000);
      await closed;
      clearTimeout(impatience);
    },
  };
}
