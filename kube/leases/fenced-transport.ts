import type { Clock } from "../../base/index.ts";
import { ApiError, type ApiRequest, type Transport } from "../client.ts";
import type { WriteFence } from "./shard-leases.ts";

/** The server is told too: a request that it has begun when we give up ends there as well. */
function withTimeout(path: string, ms: number): string {
  return `${path}${path.includes("?") ? "&" : "?"}timeout=${Math.max(1, Math.floor(ms))}ms`;
}

/**
 * A transport that writes only while this program may: each write is refused when no Lease is held, and cut off before another replica
 * can have taken one. Reads pass. Closest to the wire, because a request that waited must be judged when it is sent.
 */
export function fencedTransport(transport: Transport, clock: Clock, fence: WriteFence): Transport {
  async function write(request: ApiRequest) {
    const budgetMs = fence.budgetMs();
    const limit = new AbortController();
    const cut = () => limit.abort(new ApiError(0, "FencedOff", "the write took longer than the lease is certain to be held"));
    const cancel = clock.after(budgetMs, cut);
    request.signal?.addEventListener("abort", cut, { once: true });
    try {
      return await transport.send({ ...request, path: withTimeout(request.path, budgetMs), signal: limit.signal });
    } finally {
      cancel();
      request.signal?.removeEventListener("abort", cut);
    }
  }
  return { send: (request) => (request.method === "GET" ? transport.send(request) : write(request)) };
}
