import { errorOfResponse, errorOfTransport } from "./api-error.ts";
import type { Transport } from "./client.ts";
import { Kinds } from "./kinds.ts";
import { lines } from "./lines.ts";
import { objectPath, queryString } from "./paths.ts";

export interface LogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  /** Of the container's previous instance. */
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  readonly timestamps?: boolean;
  readonly signal?: AbortSignal;
}

/** Reads what a pod's containers print. Rejects with ApiError (404: no such pod; 400: the container has not started). */
export interface PodLogs {
  bytes(pod: { readonly namespace: string; readonly name: string }, options?: LogOptions): AsyncIterable<Uint8Array>;
  /** The same, line by line, without line ends. */
  lines(pod: { readonly namespace: string; readonly name: string }, options?: LogOptions): AsyncIterable<string>;
}

export function podLogs(transport: Transport): PodLogs {
  async function* bytes(pod: { readonly namespace: string; readonly name: string }, options: LogOptions = {}): AsyncIterable<Uint8Array> {
    const { signal, ...parameters } = options;
    const path = objectPath(Kinds.Pod, pod, "log") + queryString(parameters);
    try {
      const response = await transport.send({ method: "GET", path, ...(signal ? { signal } : {}) });
      if (response.status !== 200) throw await errorOfResponse(response);
      yield* response.body;
    } catch (thrown) {
      if (signal?.aborted) return;
      throw errorOfTransport(thrown);
    }
  }
  return { bytes, lines: (pod, options) => lines(bytes(pod, options)) };
}
