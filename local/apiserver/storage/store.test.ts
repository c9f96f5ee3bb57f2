import assert from "node:assert/strict";
import { silentLogger } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { objectKey, type StoredEvent } from "./entry.ts";
import { memoryLog } from "./memory-log.ts";
import type { LogRow, ObjectLog } from "./object-log.ts";
import { type NewState, openStore, type Store } from "./store.ts";

const COLLECTION = "/configmaps";

function state(name: string, value: string, namespace = "default"): NewState {
  const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { value } };
  return { key: objectKey(COLLECTION, namespace, name), collection: COLLECTION, namespace, name, object };
}

interface Gate {
  readonly log: ObjectLog;
  readonly batches: (readonly LogRow[])[];
  /** Ends the append under way. */
  finish(error?: Error): Promise<void>;
}

/** A log whose appends end when the test says so. */
function gatedLog(): Gate {
  const batches: (readonly LogRow[])[] = [];
  let settle: ((error?: Error) => void) | undefined;
  return {
    batches,
    log: {
      ...memoryLog(),
      append: (batch) =>
        new Promise((resolve, reject) => {
          batches.push(batch);
          settle = (error) => (error ? reject(error) : resolve());
        }),
    },
    async finish(error) {
      await Promise.resolve();
      settle?.(error);
      await new Promise(setImmediate);
    },
  };
}

const open = (log: ObjectLog): Promise<Store> => openStore({ log, logger: silentLogger });

async function put(store: Store, next: NewState) {
  const written = store.put(store.head(next.key), next);
  assert.ok(written !== false);
  return written;
}

describe("the store", () => {
  it("shows a write to readers and watchers only after it is stored", async () => {
    const gate = gatedLog();
    const store = await open(gate.log);
    const events: StoredEvent[] = [];
    store.subscribe(COLLECTION, (event) => events.push(event));
    const next = state("a", "1");
    const written = put(store, next);
    assert.equal(store.head(next.key)?.resourceVersion, 1);
    assert.equal(store.get(next.key), undefined);
    assert.deepEqual([store.list(COLLECTION, ""), events, store.resourceVersion], [[], [], 0]);
    await gate.finish();
    assert.equal(await written, store.get(next.key));
    assert.deepEqual([events.length, store.resourceVersion], [1, 1]);
  });

  it("groups what is written while a transaction is under way", async () => {
    const gate = gatedLog();
    const store = await open(gate.log);
    const first = put(store, state("a", "1"));
    await Promise.resolve();
    await Promise.resolve();
    const rest = [put(store, state("b", "1")), put(store, state("a", "2")), put(store, state("c", "1"))];
    await gate.finish();
    await first;
    await gate.finish();
    await Promise.all(rest);
    assert.deepEqual(
      gate.batches.map((batch) => batch.map(({ resourceVersion }) => resourceVersion)),
      [[1], [2, 3, 4]],
    );
  });

  it("forgets a batch that was not stored, and everything built on it", async () => {
    const gate = gatedLog();
    const store = await open(gate.log);
    const kept = put(store, state("kept", "1"));
    await gate.finish();
    await kept;
    const failed = [put(store, state("kept", "2")), put(store, state("new", "1"))];
    await Promise.resolve();
    await Promise.resolve();
    failed.push(put(store, state("kept", "3")));
    const outcomes = Promise.allSettled(failed);
    await gate.finish(new Error("disk full"));
    assert.deepEqual(
      (await outcomes).map((outcome) => outcome.status === "rejected" && (outcome.reason as { code: number }).code),
      [503, 503, 503],
    );
    assert.equal(store.head(state("kept", "").key)?.resourceVersion, 1);
    assert.equal(store.head(state("new", "").key), undefined);
    const after = put(store, state("kept", "4"));
    await gate.finish();
    assert.ok((await after).resourceVersion > 4, "a resourceVersion is never given twice");
  });

  it("refuses a write that was made from an older state", async () => {
    const store = await open(memoryLog());
    const next = state("a", "1");
    const first = await put(store, next);
    await put(store, state("a", "2"));
    assert.equal(store.put(first, next), false);
    assert.equal(store.put(undefined, next), false);
    assert.equal(store.remove(first), false);
  });

  it("tells of a deletion with the last state at the version of the deletion", async () => {
    const store = await open(memoryLog());
    const entry = await put(store, state("a", "1"));
    const removed = await store.remove(entry);
    assert.ok(removed !== false);
    assert.deepEqual([removed.resourceVersion, removed.object.metadata.resourceVersion, removed.object["data"]], [2, "2", { value: "1" }]);
    assert.deepEqual(
      store.since(COLLECTION, 0)?.map(({ type, entry: { resourceVersion } }) => [type, resourceVersion]),
      [
        ["ADDED", 1],
        ["DELETED", 2],
      ],
    );
  });

  it("lists in key order, one namespace or all", async () => {
    const store = await open(memoryLog());
    await Promise.all([put(store, state("b", "", "a-b")), put(store, state("z", "", "a")), put(store, state("b", "", "a"))]);
    const names = (namespace: string) => store.list(COLLECTION, namespace).map((entry) => `${entry.namespace}/${entry.name}`);
    assert.deepEqual(names(""), ["a-b/b", "a/b", "a/z"]);
    assert.deepEqual(names("a"), ["a/b", "a/z"]);
  });

  it("opens with everything that was stored, and knows nothing of what happened before", async () => {
    const log = memoryLog();
    const before = await open(log);
    await put(before, state("a", "1"));
    const gone = await put(before, state("b", "1"));
    await before.remove(gone);
    const after = await open(log);
    assert.equal(after.resourceVersion, 3);
    assert.deepEqual(
      after.list(COLLECTION, "").map(({ object }) => object["data"]),
      [{ value: "1" }],
    );
    assert.equal(after.since(COLLECTION, 2), undefined);
    assert.deepEqual(after.since(COLLECTION, 3), []);
    assert.equal((await put(after, state("c", "1"))).resourceVersion, 4);
  });
});
