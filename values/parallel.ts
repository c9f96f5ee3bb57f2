/**
 * Runs `work` over all items, at most `limit` at a time, and gives the results in the order of the items. After the first failure no
 * further item is started; the running ones are awaited, then the failure is thrown.
 */
export async function inParallel<T, R>(items: Iterable<T>, limit: number, work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items[Symbol.iterator]();
  let next = 0;
  let failed: { readonly thrown: unknown } | undefined;

  async function worker(): Promise<void> {
    for (let item = queue.next(); !item.done && failed === undefined; item = queue.next()) {
      const index = next++;
      try {
        results[index] = await work(item.value, index);
      } catch (thrown) {
        failed ??= { thrown };
      }
    }
  }

  await Promise.all(Array.from({ length: limit }, worker));
  if (failed !== undefined) throw (failed as { readonly thrown: unknown }).thrown;
  return results;
}
