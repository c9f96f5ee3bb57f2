import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { type Logger, messageOf } from "../../../base/index.ts";
import type { ServerRequest, ServerResponse } from "../request.ts";

export interface UpgradesDeps {
  readonly handle: (request: ServerRequest) => Promise<ServerResponse>;
  readonly logger: Logger;
}

/** Connections that turned into WebSockets; the HTTP server no longer knows them. */
export interface Upgrades {
  accept(message: IncomingMessage, socket: Duplex, head: Buffer, request: Omit<ServerRequest, "signal">): void;
  /** Ends all of them. */
  close(): void;
}

/** What one message may hold. */
const MESSAGE_MAX = 16 << 20;

/** Answers requests that ask for another protocol: by the same pipeline as all others, which says whether it becomes a WebSocket. */
export function upgrades({ handle, logger }: UpgradesDeps): Upgrades {
  const open = new Set<Duplex>();
  return {
    accept(message, socket, head, request) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      socket.on("error", () => socket.destroy());
      void handle(request)
        .then(async (response) => {
          if (!response.webSocket) return refuse(socket, response);
          const accepted = await shake(message, socket, head, response.headers["sec-websocket-protocol"] ?? "");
          accepted.on("error", (error) => logger.debug("a stream ended early", { path: message.url, error: error.message }));
          await response.webSocket(accepted);
        })
        .catch((thrown: unknown) => {
          logger.debug("a stream ended early", { path: message.url, error: messageOf(thrown) });
          socket.destroy();
        });
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}

/** The subprotocol was chosen by the pipeline. The library would refuse some names (they hold a slash): it does not get to see any. */
async function shake(message: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): Promise<WebSocket> {
  const { WebSocketServer } = await import("ws");
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX });
  delete message.headers["sec-websocket-protocol"];
  sockets.on("headers", (lines: string[]) => void lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    sockets.on("wsClientError", reject);
    sockets.handleUpgrade(message, socket, head, resolve);
  });
}

function refuse(socket: Duplex, { status, headers, body }: ServerResponse): void {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const lines = Object.entries({ ...headers, "content-length": String(bytes.byteLength), connection: "close" }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n`);
  socket.end(bytes);
}
