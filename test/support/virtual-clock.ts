import { setImmediate as nextTick } from "node:timers/promises";
import type { Clock } from "../../base/index.ts";

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /** Milliseconds until the earliest timer, undefined when there is none. */
  readonly nextIn: number | undefined;
  /** Moves time, firing timers in order; between two of them everything that can run does. */
  advance(ms: number): Promise<void>;
}

/** Lets promises, immediates and in-process I/O run. */
export async function settle(rounds = 5): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await nextTick();
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Set<Timer>();
  let now = startMs;
  let order = 0;
  const earliest = (): Timer | undefined => [...timers].sort((left, right) => left.at - right.at || left.order - right.order)[0];

  return {
    now: () => now,
    after(delayMs, fire) {
      const timer: Timer = { at: now + Math.max(0, delayMs), order: (order += 1), fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get nextIn() {
      const next = earliest();
      return next && Math.max(0, next.at - now);
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (let next = earliest(); next && next.at <= end; next = earliest()) {
        timers.delete(next);
        now = Math.max(now, next.at);
        next.fire();
        await settle();
      }
      now = end;
    },
  };
}
