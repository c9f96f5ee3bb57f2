/**
 * Runs `work` over all items, at most `limit` at a time, and gives the results in the order of the items. After the first failure no
 * further item is started; the running ones are awaited, then the failure is thrown.
 */
export async function inParallel<T, R>(items: Iterable<T> | AsyncIterable<T>, limit: number, work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  let next = 0;

  async function worker(): Promise<void> {
    try {
      while (failures.length === 0) {
        const item = await queue.next();
        if (item.done) return;
        const index = next++;
        results[index] = await work(item.value, index);
      }
    } catch (thrown) {
      failures.push(thrown);
    }
  }

  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length === 0) return results;
  await queue.return?.();
  throw failures[0];
}
