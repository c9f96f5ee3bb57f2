import { type Clock, Failure, type Random, sleep } from "../base/index.ts";

export interface RetryDeps {
  readonly clock: Clock;
  readonly random: Random;
}

const TRIES = 6;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/** Repeats `work` while it fails with something that may pass (about 25 s in all), with growing, jittered pauses. Ends early when the signal aborts. */
export async function retrying<T>(deps: RetryDeps, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      if (attempt === TRIES || !(thrown instanceof Failure) || thrown.retry !== "retryable") throw thrown;
      const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 4 ** (attempt - 1)) * (0.5 + deps.random.next() / 2);
      await sleep(deps.clock, delayMs, signal);
    }
  }
}
