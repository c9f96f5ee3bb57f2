export interface PodLogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  readonly timestamps: boolean;
  /** Aborted when the reader has gone. */
  readonly signal: AbortSignal;
}

/** Where `GET …/pods/NAME/log` reads from: the node's agent. The stream ends at the end of the log, or of the container when following. */
export interface PodLogSource {
  read(namespace: string, pod: string, container: string, options: PodLogOptions): AsyncIterable<Uint8Array>;
}
