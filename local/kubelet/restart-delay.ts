const FIRST_MS = 10_000;
const LAST_MS = 300_000;

/** A container that ran this long is forgiven its earlier ends. */
export const FORGIVE_MS = 600_000;

/** Milliseconds between the n-th end of a container (1-based) and its restart: at once, then 10 s, 20 s, … 5 min, as the kubelet does. */
export function restartDelay(ends: number): number {
  return ends <= 1 ? 0 : Math.min(LAST_MS, FIRST_MS * 2 ** (ends - 2));
}
