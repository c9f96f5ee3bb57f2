import type { Clock } from "../base/index.ts";
import type { ApiRequest, ApiResponse, Transport } from "./client.ts";

/** Bounds of how much is asked at once. Read before each decision, so that they may change while the program runs. */
export interface AdaptiveLimits {
  readonly minInFlight: number;
  readonly maxInFlight: number;
  /** Answers slower than this are taken for a sign of too much, milliseconds. */
  readonly latencyTargetMs: number;
}

/** After a 429 half of it is asked, after slow answers a tenth less; each success at the limit gives a little back. */
const CUT_REFUSED = 0.5;
const CUT_SLOW = 0.9;
/** Without a Retry-After the server is left alone this long. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

const isStream = (path: string): boolean => /[?&](watch|follow)=(1|true)/.test(path);

interface Waiting {
  readonly go: () => void;
}

/** For metrics: what is allowed and asked at once now. */
export interface AdaptiveTransport extends Transport {
  readonly limit: number;
  readonly inFlight: number;
}

/**
 * A transport that asks no more at once than the server takes well: additive increase, multiplicative decrease, as TCP does it. Watches
 * and followed logs do not count. A 429 is handed on.
 */
export function adaptiveTransport(transport: Transport, clock: Clock, limits: () => AdaptiveLimits): AdaptiveTransport {
  let limit = limits().maxInFlight;
  let inFlight = 0;
  let quietUntil = 0;
  /** Requests that were sent before the last cut say nothing about what came after it. */
  let cutAt = -Infinity;
  const waiting: Waiting[] = [];
  let timer: (() => void) | undefined;

  const room = (): boolean => inFlight < Math.floor(limit) && clock.now() >= quietUntil;

  function admit(): void {
    while (waiting.length > 0 && room()) {
      inFlight += 1;
      waiting.shift()?.go();
    }
    const pauseMs = quietUntil - clock.now();
    if (waiting.length > 0 && pauseMs > 0)
      timer ??= clock.after(pauseMs, () => {
        timer = undefined;
        admit();
      });
  }

  function cut(factor: number, sentAt: number): void {
    if (sentAt <= cutAt) return;
    cutAt = clock.now();
    limit = Math.max(limits().minInFlight, limit * factor);
  }

  function learn(response: ApiResponse | undefined, sentAt: number): void {
    const { maxInFlight, latencyTargetMs } = limits();
    const full = inFlight >= Math.floor(limit);
    if (response?.status === 429) {
      // Whoever was refused waits by itself as long as it was told; all are quiet only when asking less is no longer possible.
      const asked = Number(response.headers["retry-after"] ?? NaN);
      const pauseMs = Number.isFinite(asked) ? Math.min(MAX_PAUSE_MS, asked * 1_000) : PAUSE_MS;
      if (limit <= limits().minInFlight) quietUntil = Math.max(quietUntil, clock.now() + pauseMs);
      cut(CUT_REFUSED, sentAt);
    } else if (clock.now() - sentAt > latencyTargetMs) cut(CUT_SLOW, sentAt);
    else if (response && full) limit += 1 / limit;
    limit = Math.min(limit, maxInFlight);
  }

  /** Resolves when this request's turn has come; it is counted then. */
  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      const entry: Waiting = {
        go() {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      if (signal?.aborted) return reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      signal?.addEventListener("abort", leave, { once: true });
      waiting.push(entry);
      admit();
    });
  }

  async function counted(request: ApiRequest): Promise<ApiResponse> {
    if (waiting.length === 0 && room()) inFlight += 1;
    else await turn(request.signal);
    const sentAt = clock.now();
    let response: ApiResponse | undefined;
    try {
      response = await transport.send(request);
      return response;
    } finally {
      learn(response, sentAt);
      inFlight -= 1;
      admit();
    }
  }

  return {
    send: (request) => (isStream(request.path) ? transport.send(request) : counted(request)),
    get limit() {
      return Math.floor(limit);
    },
    get inFlight() {
      return inFlight;
    },
  };
}
