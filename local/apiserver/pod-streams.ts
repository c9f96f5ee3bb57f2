import type { Duplex } from "node:stream";

export interface ExecStreams {
  readonly command: readonly string[];
  /** Absent: standard input is empty. */
  readonly stdin: AsyncIterable<Uint8Array> | undefined;
  /** Present: the command gets a terminal, and its sizes. */
  readonly terminal: { readonly onResize: (listener: (columns: number, rows: number) => void) => void } | undefined;
  /** A promise asks to wait before the next chunk. */
  readonly output: { stdout(chunk: Uint8Array): void | Promise<void>; stderr(chunk: Uint8Array): void | Promise<void> };
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/** Where exec, attach and port-forward lead: the node's agent. Each rejects with ApiError when there is nothing to lead to. */
export interface PodStreams {
  /** Resolves with the exit code of the command. */
  exec(namespace: string, pod: string, container: string, streams: ExecStreams): Promise<number>;
  /** Output of the container from now to its end. */
  attach(namespace: string, pod: string, container: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** A connection to a port of the pod. */
  connect(namespace: string, pod: string, port: number): Promise<Duplex>;
}
