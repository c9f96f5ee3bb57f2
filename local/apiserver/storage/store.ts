import { type Logger, messageOf, parseJson, stringifyJson } from "../../../base/index.ts";
import type { KubeObject, Stored } from "../../../kube/index.ts";
import { failure } from "../status.ts";
import { collectionTable, type CollectionTable } from "./collection-table.ts";
import { type Entry, type StoredEvent, withResourceVersion } from "./entry.ts";
import type { LogRow, ObjectLog } from "./object-log.ts";

/** Where an object is kept and what it shall be; the store adds the resourceVersion. */
export interface NewState {
  readonly key: string;
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject;
}

/**
 * All objects, in memory, over one append log. Writes are checked against the head, grouped into transactions, and
 * visible to reads and watches only after commit, in resourceVersion order. A batch that fails rolls the head back.
 */
export interface Store {
  /** The newest committed resourceVersion. */
  readonly resourceVersion: number;
  /** As committed. */
  get(key: string): Entry | undefined;
  /** As committed, in key order; one namespace, or all when it is "". */
  list(collection: string, namespace: string): readonly Entry[];
  /** Newest state, committed or about to be. What a write must be based on. */
  head(key: string): Entry | undefined;
  /** False when the head is no longer `expected`: read again and retry. The promise resolves after commit. */
  put(expected: Entry | undefined, next: NewState): Promise<Entry> | false;
  /** Resolves with the last state, carrying the resourceVersion of the deletion. */
  remove(expected: Entry): Promise<Entry> | false;
  /** Called for every committed event of a collection, in order. Returns the way to stop. */
  subscribe(collection: string, listen: (event: StoredEvent) => void): () => void;
  /** Committed events of a collection after a resourceVersion; undefined when some are forgotten. */
  since(collection: string, resourceVersion: number): StoredEvent[] | undefined;
  /** Resolves when this head is committed; rejects when it was rolled back. */
  committed(head: Entry): Promise<void>;
  /** Waits for writes under way, then closes the log. */
  close(): Promise<void>;
}

/** Largest stored object in bytes: what etcd takes by default, so that what works here works on a cluster. */
const MAX_OBJECT = 1_572_864;

interface PendingWrite {
  readonly event: StoredEvent;
  readonly kind: string;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (reason: Error) => void;
}

interface Waiting {
  /** For a deletion, the state that carries its resourceVersion. */
  readonly entry: Entry;
  readonly deleted: boolean;
  readonly done: Promise<Entry>;
}

interface StoreState {
  readonly log: ObjectLog;
  readonly logger: Logger;
  readonly collections: Map<string, CollectionTable>;
  /** Newest uncommitted write per key. */
  readonly overlay: Map<string, Waiting>;
  readonly start: number;
  committed: number;
  issued: number;
  pending: PendingWrite[];
  /** The flush under way, if any. */
  flushing: Promise<void> | undefined;
}

function tableOf(state: StoreState, collection: string): CollectionTable {
  let table = state.collections.get(collection);
  if (!table) state.collections.set(collection, (table = collectionTable(state.start)));
  return table;
}

function entryOf(state: NewState, resourceVersion: number): Entry {
  const object = withResourceVersion(state.object, resourceVersion);
  const { key, collection, namespace, name } = state;
  const bytes = Buffer.from(stringifyJson(object));
  if (bytes.byteLength > MAX_OBJECT) throw failure(413, "RequestEntityTooLarge", `the object is larger than ${MAX_OBJECT} bytes when it is stored`);
  return { key, collection, namespace, name, resourceVersion, object, bytes };
}

function collectionOf(key: string): string {
  return key.split("/", 2).join("/");
}

function headOf(state: StoreState, key: string): Entry | undefined {
  const waiting = state.overlay.get(key);
  if (!waiting) return tableOf(state, collectionOf(key)).get(key);
  return waiting.deleted ? undefined : waiting.entry;
}

function rowOf(write: PendingWrite): LogRow {
  const { entry, type } = write.event;
  return { key: entry.key, kind: write.kind, resourceVersion: entry.resourceVersion, value: type === "DELETED" ? undefined : entry.bytes };
}

function commit(state: StoreState, batch: readonly PendingWrite[]): void {
  for (const { event, resolve } of batch) {
    const { entry } = event;
    state.committed = entry.resourceVersion;
    if (state.overlay.get(entry.key)?.entry === entry) state.overlay.delete(entry.key);
    tableOf(state, entry.collection).commit(event);
    resolve(entry);
  }
}

/** Writes made while the failed batch was under way may build on it, so they fail with it. */
function rollBack(state: StoreState, batch: readonly PendingWrite[], cause: unknown): void {
  state.logger.error("writes were not stored", { writes: batch.length + state.pending.length, error: messageOf(cause) });
  const failed = [...batch, ...state.pending];
  state.pending = [];
  state.overlay.clear();
  for (const { reject } of failed) reject(failure(503, "ServiceUnavailable", `the object log is not available: ${messageOf(cause)}`));
}

async function flush(state: StoreState): Promise<void> {
  await Promise.resolve();
  while (state.pending.length > 0) {
    const batch = state.pending;
    state.pending = [];
    try {
      await state.log.append(batch.map(rowOf));
    } catch (cause) {
      rollBack(state, batch, cause);
      continue;
    }
    commit(state, batch);
  }
  state.flushing = undefined;
}

function write(state: StoreState, event: StoredEvent): Promise<Entry> {
  const { entry } = event;
  const done = new Promise<Entry>((resolve, reject) => state.pending.push({ event, kind: `${entry.object.apiVersion}/${entry.object.kind}`, resolve, reject }));
  state.overlay.set(entry.key, { entry, deleted: event.type === "DELETED", done });
  state.flushing ??= flush(state);
  return done;
}

/** Parsed when somebody looks: a start reads everything, but needs little of it. */
function loadedEntry(row: LogRow & { readonly value: Uint8Array }): Entry {
  const [group = "", plural = "", namespace = "", ...name] = row.key.split("/");
  const bytes = Buffer.from(row.value.buffer, row.value.byteOffset, row.value.byteLength);
  let object: Stored | undefined;
  return {
    key: row.key,
    collection: `${group}/${plural}`,
    namespace,
    name: name.join("/"),
    resourceVersion: row.resourceVersion,
    bytes,
    get object() {
      return (object ??= parseJson(bytes.toString("utf8")) as unknown as Stored);
    },
  };
}

/** Opens a store over a log: everything in it is loaded before the promise resolves. */
export async function openStore({ log, logger }: { readonly log: ObjectLog; readonly logger: Logger }): Promise<Store> {
  const snapshot = await log.load();
  const start = snapshot.resourceVersion;
  const state: StoreState = {
    log,
    logger,
    collections: new Map(),
    overlay: new Map(),
    start,
    committed: start,
    issued: start,
    pending: [],
    flushing: undefined,
  };
  for (const row of snapshot.rows) {
    const entry = loadedEntry(row);
    tableOf(state, entry.collection).load(entry);
  }
  return {
    get resourceVersion() {
      return state.committed;
    },
    get: (key) => tableOf(state, collectionOf(key)).get(key),
    list: (collection, namespace) => tableOf(state, collection).list(namespace),
    head: (key) => headOf(state, key),
    put(expected, next) {
      const previous = headOf(state, next.key);
      if (previous !== expected) return false;
      const entry = entryOf(next, state.issued + 1);
      state.issued += 1;
      return write(state, { type: previous ? "MODIFIED" : "ADDED", entry, previous });
    },
    remove(expected) {
      if (headOf(state, expected.key) !== expected) return false;
      state.issued += 1;
      return write(state, { type: "DELETED", entry: entryOf(expected, state.issued), previous: expected });
    },
    subscribe: (collection, listen) => tableOf(state, collection).subscribe(listen),
    since: (collection, resourceVersion) => tableOf(state, collection).since(resourceVersion),
    async committed(head) {
      const waiting = state.overlay.get(head.key);
      if (waiting?.entry === head) await waiting.done;
    },
    async close() {
      await state.flushing;
      await log.close();
    },
  };
}
