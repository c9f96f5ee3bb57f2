/** Time as a port. Product code never reads the wall clock or sets a timer itself; `cmd/` supplies the real one, tests a virtual one. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `fire` once, no earlier than `delayMs` from now. The returned function cancels; cancelling twice is harmless. */
  after(delayMs: number, fire: () => void): () => void;
}

/** Resolves after `delayMs`, or at once when the signal aborts (without rejecting: the caller looks at the signal). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** RFC 3339 in UTC with whole seconds, the form of `metav1.Time`. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** RFC 3339 in UTC with microseconds, the form of `metav1.MicroTime`. */
export function rfc3339Micro(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
