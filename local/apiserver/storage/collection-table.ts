import type { Entry, StoredEvent } from "./entry.ts";
import { eventRing } from "./event-ring.ts";

/** How many events of one collection a watch may have missed and still resume. */
const RING_CAPACITY = 8_192;

/** The committed objects of one collection, its recent events and those who follow it. */
export interface CollectionTable {
  get(key: string): Entry | undefined;
  /** In key order. */
  list(namespace: string): readonly Entry[];
  /** Before the first commit: an object that was there already. */
  load(entry: Entry): void;
  commit(event: StoredEvent): void;
  subscribe(listen: (event: StoredEvent) => void): () => void;
  since(resourceVersion: number): StoredEvent[] | undefined;
}

const byKey = (left: Entry, right: Entry): number => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0);

/** The first position whose key is not below `key`. */
function lowerBound(entries: readonly Entry[], key: string): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param start the resourceVersion from which on events are known */
export function collectionTable(start: number): CollectionTable {
  const entries = new Map<string, Entry>();
  const ring = eventRing(RING_CAPACITY, start);
  const listeners = new Set<(event: StoredEvent) => void>();
  let sorted: readonly Entry[] | undefined;
  const all = (): readonly Entry[] => (sorted ??= [...entries.values()].sort(byKey));
  return {
    get: (key) => entries.get(key),
    list(namespace) {
      const everything = all();
      const collection = everything[0]?.collection;
      if (namespace === "" || collection === undefined) return everything;
      const prefix = `${collection}/${namespace}/`;
      return everything.slice(lowerBound(everything, prefix), lowerBound(everything, `${prefix}\uffff`));
    },
    load(entry) {
      entries.set(entry.key, entry);
      sorted = undefined;
    },
    commit(event) {
      if (event.type === "DELETED") entries.delete(event.entry.key);
      else entries.set(event.entry.key, event.entry);
      sorted = undefined;
      ring.push(event);
      for (const listen of listeners) listen(event);
    },
    subscribe(listen) {
      listeners.add(listen);
      return () => void listeners.delete(listen);
    },
    since: (resourceVersion) => ring.since(resourceVersion),
  };
}
