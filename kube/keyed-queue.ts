import type { Clock, Random } from "../base/index.ts";
import { aborted } from "./abort.ts";

export interface KeyedQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export interface KeyedQueueOptions {
  /** Keys worked on at the same time. Default 16. */
  readonly concurrency?: number;
  /** Asked before each key: no more than this, whatever `concurrency` says. */
  readonly workers?: (() => number) | undefined;
  /** Told how long a key was ready before it was worked on, milliseconds. */
  readonly onWait?: ((ms: number) => void) | undefined;
  /** Keys of one group wait in one line, and the lines take turns: a group with 10,000 keys delays another by one turn. Default: the namespace. */
  readonly groupOf?: (key: string) => string;
  /** First and longest delay of `retry`, milliseconds. Default 50 and 60,000. */
  readonly backoff?: { readonly firstMs: number; readonly lastMs: number };
}

/**
 * Keys waiting for work. A key is worked on at most once at a time; asked for again meanwhile, it is worked on once
 * more afterwards: no wake-up is lost, and many of them become one.
 */
export interface KeyedQueue {
  /** Soon, or no later than after this many milliseconds. An earlier appointment stands. */
  add(key: string, afterMs?: number): void;
  /** After a delay that doubles with every call since the last `forget`, jittered. */
  retry(key: string): void;
  /** Resets the delay of `retry`. */
  forget(key: string): void;
  /** Keys ready and waiting for a worker. */
  readonly depth: number;
  /** Nothing waits and nothing is worked on (appointments do not count). */
  readonly idle: boolean;
  /** Works until the signal aborts, then waits for the work in hand. `work` must not reject. */
  run(signal: AbortSignal, work: (key: string) => Promise<void>): Promise<void>;
}

const namespaceOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf("/")));

/** Lines that take turns; a key stands in one line at most. */
function fairLines(groupOf: (key: string) => string) {
  const waiting = new Map<string, Set<string>>();
  let size = 0;
  return {
    push(key: string): void {
      const group = groupOf(key);
      const line = waiting.get(group) ?? new Set();
      if (line.has(key)) return;
      waiting.set(group, line.add(key));
      size += 1;
    },
    /** The first key of the line whose turn it is; that line then goes to the back. */
    shift(): string | undefined {
      for (const [group, line] of waiting) {
        const [key] = line;
        waiting.delete(group);
        if (key === undefined) continue;
        line.delete(key);
        size -= 1;
        if (line.size > 0) waiting.set(group, line);
        return key;
      }
      return undefined;
    },
    get size() {
      return size;
    },
  };
}

export function keyedQueue({ clock, random }: KeyedQueueDeps, options: KeyedQueueOptions = {}): KeyedQueue {
  const { onWait, workers = () => Infinity } = options;
  const concurrency = options.concurrency ?? 16;
  /** Since when a key is ready; kept only where somebody wants to know. */
  const readySince = new Map<string, number>();
  const { firstMs, lastMs } = options.backoff ?? { firstMs: 50, lastMs: 60_000 };
  const ready = fairLines(options.groupOf ?? namespaceOf);
  const appointments = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  const failures = new Map<string, number>();
  const active = new Set<string>();
  const againAfter = new Set<string>();
  let dispatch: () => void = () => undefined;
  let ended = false;

  function push(key: string): void {
    if (onWait && !readySince.has(key)) readySince.set(key, clock.now());
    ready.push(key);
  }

  function taken(key: string): void {
    if (!onWait) return;
    onWait(clock.now() - (readySince.get(key) ?? clock.now()));
    readySince.delete(key);
  }

  function wake(key: string): void {
    appointments.get(key)?.cancel();
    appointments.delete(key);
    if (active.has(key)) againAfter.add(key);
    else push(key);
    dispatch();
  }

  function appoint(key: string, afterMs: number): void {
    if (ended) return;
    const at = clock.now() + afterMs;
    const standing = appointments.get(key);
    if (standing && standing.at <= at) return;
    standing?.cancel();
    appointments.set(key, { at, cancel: clock.after(afterMs, () => wake(key)) });
  }

  return {
    add: (key, afterMs = 0) => (afterMs > 0 ? appoint(key, afterMs) : wake(key)),
    retry(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      appoint(key, Math.min(lastMs, firstMs * 2 ** count) * (0.5 + random.next() / 2));
    },
    forget: (key) => void failures.delete(key),
    get depth() {
      return ready.size;
    },
    get idle() {
      return ready.size === 0 && active.size === 0;
    },
    async run(signal, work) {
      const inHand = new Set<Promise<void>>();
      async function workOn(key: string): Promise<void> {
        active.add(key);
        try {
          await work(key);
        } finally {
          active.delete(key);
          if (againAfter.delete(key)) push(key);
        }
      }
      dispatch = () => {
        while (!signal.aborted && active.size < Math.min(concurrency, workers())) {
          const key = ready.shift();
          if (key === undefined) return;
          taken(key);
          const task: Promise<void> = workOn(key).finally(() => {
            inHand.delete(task);
            dispatch();
          });
          inHand.add(task);
        }
      };
      dispatch();
      await aborted(signal);
      dispatch = () => undefined;
      await Promise.allSettled(inHand);
      // Only now: work in hand may have made appointments, and a timer that is left keeps the program from ending.
      ended = true;
      for (const { cancel } of appointments.values()) cancel();
      appointments.clear();
    },
  };
}
