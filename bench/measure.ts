/** The value below which a share of the samples lies, by the nearest rank. NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

export interface Load {
  /** Operations per second. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/**
 * Repeats an operation from `clients` loops at once until the time is over.
 * @param operation gets a number that no other call gets, ascending
 */
export async function load(clients: number, seconds: number, operation: (turn: number, client: number) => Promise<void>): Promise<Load> {
  const samples: number[] = [];
  let turn = 0;
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  const loop = async (client: number): Promise<void> => {
    while (performance.now() < end) {
      const started = performance.now();
      await operation(turn++, client);
      samples.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => loop(client)));
  const elapsed = (performance.now() - begin) / 1_000;
  return { rate: samples.length / elapsed, p50: median(samples), p99: percentile(samples, 0.99), count: samples.length };
}

/** Asks again every `everyMs` until the answer is not undefined. Rejects after `withinMs`, naming what was waited for. */
export async function until<T>(what: string, withinMs: number, ask: () => Promise<T | undefined> | T | undefined, everyMs = 5): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > giveUpAt) throw new Error(`waited ${withinMs / 1_000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
