import type { StoredEvent } from "./entry.ts";

/** The latest events of one collection, in resourceVersion order, so that a watch may resume. Older ones are forgotten. */
export interface EventRing {
  push(event: StoredEvent): void;
  /** Events after `resourceVersion`, or undefined when some of them are forgotten already. */
  since(resourceVersion: number): StoredEvent[] | undefined;
  /** The oldest resourceVersion a watch may resume from. */
  readonly oldest: number;
}

/** @param start resourceVersion from which on the ring is complete */
export function eventRing(capacity: number, start: number): EventRing {
  const slots: StoredEvent[] = [];
  let first = 0;
  let oldest = start;
  const at = (index: number): StoredEvent => slots[(first + index) % slots.length]!;
  const indexAfter = (resourceVersion: number): number => {
    let [low, high] = [0, slots.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(middle).entry.resourceVersion <= resourceVersion) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    push(event) {
      if (slots.length < capacity) return void slots.push(event);
      oldest = at(0).entry.resourceVersion;
      slots[first] = event;
      first = (first + 1) % slots.length;
    },
    since(resourceVersion) {
      if (resourceVersion < oldest) return undefined;
      const events: StoredEvent[] = [];
      for (let index = indexAfter(resourceVersion); index < slots.length; index++) events.push(at(index));
      return events;
    },
    get oldest() {
      return oldest;
    },
  };
}
