import type { Clock } from "../../base/index.ts";

/** Something that is valid for a while: a token, keys of a session. */
export interface Expiring<T> {
  readonly value: T;
  /** Milliseconds since the epoch; absent: for ever. */
  readonly expiresAt?: number;
}

/** Fetched anew this long before it expires, or when half its time is over. */
const MARGIN_MS = 5 * 60_000;

/** Keeps what `fetch` gives until shortly before it expires; callers at the same time share one fetch. A failure is not kept. */
export function refreshed<T>(clock: Clock, fetch: () => Promise<Expiring<T>>): () => Promise<T> {
  let known: { readonly value: T; readonly until: number } | undefined;
  let fetching: Promise<T> | undefined;

  async function fetched(): Promise<T> {
    const { value, expiresAt } = await fetch();
    const now = clock.now();
    const leftMs = (expiresAt ?? Infinity) - now;
    known = { value, until: now + Math.max(leftMs - MARGIN_MS, leftMs / 2) };
    return value;
  }

  return () => {
    if (known !== undefined && clock.now() < known.until) return Promise.resolve(known.value);
    fetching ??= fetched().finally(() => (fetching = undefined));
    return fetching;
  };
}
