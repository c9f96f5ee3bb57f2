import type { Clock } from "../../base/index.ts";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

export interface Work {
  step(): Promise<void>;
  /** A step threw; it is taken again, less and less often. */
  failed(thrown: unknown): void;
  /** Called after every step, whatever came of it. */
  stepped(): void;
}

/** Takes one step after the other, never two at once. */
export interface WorkLoop {
  /** A step now, or one more after the one under way. */
  wake(): void;
  /** A step after this time, unless one comes earlier. Replaces the appointment before. */
  wakeIn(delayMs: number): void;
  /** No further step. */
  stop(): void;
}

export function workLoop(clock: Clock, { step, failed, stepped }: Work): WorkLoop {
  let working = false;
  let again = false;
  let stopped = false;
  let failures = 0;
  let cancelTimer: () => void = () => undefined;

  async function work(): Promise<void> {
    working = true;
    while (again && !stopped) {
      again = false;
      cancelTimer();
      try {
        await step();
        failures = 0;
      } catch (thrown) {
        failures += 1;
        failed(thrown);
        wakeIn(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)));
      }
      stepped();
    }
    working = false;
  }

  function wake(): void {
    again = true;
    if (!working && !stopped) void work();
  }

  function wakeIn(delayMs: number): void {
    cancelTimer();
    cancelTimer = clock.after(delayMs, wake);
  }

  return {
    wake,
    wakeIn,
    stop() {
      stopped = true;
      cancelTimer();
    },
  };
}
