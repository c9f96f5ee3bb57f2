import { type Clock, Failure, sleep } from "../base/index.ts";
import type { Records } from "./records.ts";

const ASK_EVERY_MS = 5_000;

/**
 * For a program that starts before its database: resolves when it was reached and is up to date, or when the signal aborts. Rejects with TerminalFailure
 * `RecordsTooNew`, upon which the program should end: it could keep nothing, and let go of what it should have kept.
 */
export async function awaitRecords(records: Pick<Records, "ready">, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await records.ready();
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.retry === "terminal") throw thrown;
    }
    await sleep(clock, ASK_EVERY_MS, signal);
  }
}
