import type { Entry } from "../storage/entry.ts";

/** How many lists in pages may be under way at once; the oldest is forgotten first. */
const KEPT = 64;

/** What a list in pages still has to hand out, as it was when the first page was. */
export interface ListSnapshot {
  readonly resourceVersion: number;
  readonly entries: readonly Entry[];
}

/** Keeps the lists whose next page somebody may ask for, so that all pages show one moment. */
export interface ListSnapshots {
  keep(snapshot: ListSnapshot): string;
  find(id: string): ListSnapshot | undefined;
}

export function listSnapshots(): ListSnapshots {
  const kept = new Map<string, ListSnapshot>();
  let count = 0;
  return {
    keep(snapshot) {
      count += 1;
      const id = String(count);
      kept.set(id, snapshot);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? "");
      return id;
    },
    find: (id) => kept.get(id),
  };
}
