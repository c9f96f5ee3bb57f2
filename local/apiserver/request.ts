import type { WebSocket } from "ws";

/** Who asks. `groups` holds `system:masters` for the administrator of a laptop. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** One request as the pipeline sees it, whether it came over TLS, in-process, or from a test. */
export interface ServerRequest {
  readonly method: string;
  /** Path with its query, percent-encoded as on the wire: `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** Names in lower case. Repeated headers are joined with `, `; those of impersonation with a line break, for groups may hold commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Set by a door that has verified the caller itself (client certificate, in-process transport); without it a bearer token must convince. */
  readonly identity?: User | undefined;
  /** Aborted when the caller has gone: ends watches and followed logs. */
  readonly signal?: AbortSignal | undefined;
}

export interface ServerResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole, or a stream for watches and logs. A stream that nobody iterates holds nothing but its bounded buffer. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** With status 101: what to do with the connection once it is a WebSocket. Resolves when nothing more is to be said. */
  readonly webSocket?: (socket: WebSocket) => Promise<void>;
}
