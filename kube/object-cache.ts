import type { KubeObject, Stored } from "./object.ts";
import { compareResourceVersions, keyOf } from "./object-key.ts";

export interface Change<T extends KubeObject = KubeObject> {
  readonly type: "added" | "modified" | "deleted";
  readonly object: Stored<T>;
  readonly previous?: Stored<T>;
}

export type ChangeListener<T extends KubeObject = KubeObject> = (change: Change<T>) => void;

/** Reading side: what controllers see. Objects are shared and must not be changed. */
export interface ObjectReader<T extends KubeObject = KubeObject> {
  get(key: string): Stored<T> | undefined;
  list(namespace?: string): Stored<T>[];
  /** Objects for which the index function gave this value. */
  byIndex(index: string, value: string): Stored<T>[];
  readonly size: number;
}

/**
 * The newest known state of one kind. Fed by a watch and, ahead of it, by our own writes: a write is visible to its
 * writer at once, and an older watch event never takes it back, because resource versions only grow.
 */
export interface ObjectCache<T extends KubeObject = KubeObject> extends ObjectReader<T> {
  /** Adds an index; objects already held are indexed too. Naming the same index again changes nothing. */
  addIndex(index: string, valuesOf: (object: Stored<T>) => readonly string[]): void;
  /** Called after every change, in order. Returns the way to stop. */
  onChange(listener: ChangeListener<T>): () => void;
  /** A watch event: the object as it was at its resource version. */
  observed(object: Stored<T>): void;
  observedDeletion(object: Stored<T>): void;
  /** The watch has delivered everything up to this version. */
  progressed(resourceVersion: string): void;
  /** The answer to a write of our own. */
  wrote(object: Stored<T>): void;
  /** A deletion of our own that was complete when it was answered. */
  deleted(key: string, uid?: string): void;
  /** The answer to a list: what it does not name is gone, unless we wrote it later. */
  replaced(items: readonly Stored<T>[], resourceVersion: string): void;
}

export function objectCache<T extends KubeObject>(): ObjectCache<T> {
  const objects = new Map<string, Stored<T>>();
  const indexes = new Map<string, { valuesOf: (object: Stored<T>) => readonly string[]; keys: Map<string, Set<string>> }>();
  const listeners = new Set<ChangeListener<T>>();
  /** Uids of objects that our own deletion removed before the watch said so. */
  const tombstones = new Set<string>();
  let seen = "0";

  function reindex(key: string, previous: Stored<T> | undefined, next: Stored<T> | undefined): void {
    for (const { valuesOf, keys } of indexes.values()) {
      for (const value of previous ? valuesOf(previous) : []) {
        keys.get(value)?.delete(key);
        if (keys.get(value)?.size === 0) keys.delete(value);
      }
      for (const value of next ? valuesOf(next) : []) {
        const found = keys.get(value);
        if (found) found.add(key);
        else keys.set(value, new Set([key]));
      }
    }
  }

  function put(object: Stored<T>): void {
    const key = keyOf(object);
    const previous = objects.get(key);
    objects.set(key, object);
    reindex(key, previous, object);
    for (const listener of listeners) listener(previous ? { type: "modified", object, previous } : { type: "added", object });
  }

  function drop(key: string, last?: Stored<T>): void {
    const previous = objects.get(key);
    if (!previous) return;
    objects.delete(key);
    reindex(key, previous, undefined);
    for (const listener of listeners) listener({ type: "deleted", object: last ?? previous, previous });
  }

  function isNewer(object: Stored<T>): boolean {
    const held = objects.get(keyOf(object));
    return held === undefined || compareResourceVersions(held.metadata.resourceVersion, object.metadata.resourceVersion) < 0;
  }

  function progressed(resourceVersion: string): void {
    if (compareResourceVersions(seen, resourceVersion) < 0) seen = resourceVersion;
  }

  return {
    get: (key) => objects.get(key),
    list: (namespace) => (namespace === undefined ? [...objects.values()] : [...objects.values()].filter((object) => object.metadata.namespace === namespace)),
    byIndex: (index, value) => [...(indexes.get(index)?.keys.get(value) ?? [])].flatMap((key) => objects.get(key) ?? []),
    get size() {
      return objects.size;
    },
    addIndex(index, valuesOf) {
      if (indexes.has(index)) return;
      indexes.set(index, { valuesOf, keys: new Map() });
      const keys = indexes.get(index)!.keys;
      for (const [key, object] of objects) for (const value of valuesOf(object)) keys.set(value, (keys.get(value) ?? new Set()).add(key));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    observed(object) {
      progressed(object.metadata.resourceVersion);
      if (!tombstones.has(object.metadata.uid) && isNewer(object)) put(object);
    },
    observedDeletion(object) {
      progressed(object.metadata.resourceVersion);
      tombstones.delete(object.metadata.uid);
      const held = objects.get(keyOf(object));
      if (held && (held.metadata.uid === object.metadata.uid || isNewer(object))) drop(keyOf(object), object);
    },
    progressed,
    wrote(object) {
      const known = compareResourceVersions(object.metadata.resourceVersion, seen) <= 0;
      if (!known && !tombstones.has(object.metadata.uid) && isNewer(object)) put(object);
    },
    deleted(key, uid) {
      const held = objects.get(key);
      if (!held || (uid !== undefined && held.metadata.uid !== uid)) return;
      tombstones.add(held.metadata.uid);
      drop(key);
    },
    replaced(items, resourceVersion) {
      tombstones.clear();
      const named = new Set(items.map(keyOf));
      for (const [key, object] of [...objects]) {
        if (!named.has(key) && compareResourceVersions(object.metadata.resourceVersion, resourceVersion) <= 0) drop(key);
      }
      progressed(resourceVersion);
      for (const object of items) if (isNewer(object)) put(object);
    },
  };
}
