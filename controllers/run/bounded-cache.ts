/** Keeps what was used last, up to a total weight. Something heavier than everything is not kept. */
export interface BoundedCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, weight: number): void;
}

export function boundedCache<V>(limit: number): BoundedCache<V> {
  const held = new Map<string, { readonly value: V; readonly weight: number }>();
  let total = 0;

  function drop(key: string): void {
    total -= held.get(key)?.weight ?? 0;
    held.delete(key);
  }

  return {
    get(key) {
      const found = held.get(key);
      if (!found) return undefined;
      held.delete(key);
      held.set(key, found);
      return found.value;
    },
    set(key, value, weight) {
      drop(key);
      if (weight > limit) return;
      held.set(key, { value, weight });
      total += weight;
      for (const oldest of held.keys()) {
        if (total <= limit) return;
        drop(oldest);
      }
    },
  };
}
