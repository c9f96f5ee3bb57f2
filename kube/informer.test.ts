import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom, silentLogger } from "../base/index.ts";
import { settle, type VirtualClock, virtualClock } from "../test/support/virtual-clock.ts";
import { ApiError, type ObjectClient, type WatchEvent } from "./client.ts";
import { type Informer, informer } from "./informer.ts";
import type { KindRef, KubeObject, Stored } from "./object.ts";
import { objectCache } from "./object-cache.ts";

const Widget: KindRef = { group: "example.dev", version: "v1", kind: "Widget", plural: "widgets", namespaced: true };
const widget = (name: string, version: number, more: Partial<KubeObject["metadata"]> = {}): Stored => ({
  apiVersion: "example.dev/v1",
  kind: "Widget",
  metadata: { namespace: "ns", name, uid: `uid-${name}`, resourceVersion: String(version), ...more },
});

/** A server of which the test says every answer. */
function scriptedServer() {
  let items: Stored[] = [];
  let version = 1;
  let failure: Error | undefined;
  const lists: number[] = [];
  const watches: string[] = [];
  let push: (event: WatchEvent | Error | "end") => void = () => undefined;

  async function* watch(from: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    watches.push(from);
    const queue: (WatchEvent | Error | "end")[] = [];
    let wake: () => void = () => undefined;
    push = (event) => {
      queue.push(event);
      wake();
    };
    signal.addEventListener("abort", () => push("end"), { once: true });
    for (;;) {
      while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const next = queue.shift();
      if (next === "end" || next === undefined) return;
      if (next instanceof Error) throw next;
      yield next;
    }
  }

  const refuse = () => Promise.reject(new Error("not used"));
  const client: ObjectClient = {
    get: refuse,
    create: refuse,
    replace: refuse,
    patch: refuse,
    delete: refuse,
    async list<T extends KubeObject>() {
      lists.push(version);
      if (failure) throw failure;
      return { items: structuredClone(items) as Stored<T>[], resourceVersion: String(version) };
    },
    watch: <T extends KubeObject>(_kind: KindRef, { resourceVersion, signal }: { resourceVersion: string; signal: AbortSignal }) =>
      watch(resourceVersion, signal) as AsyncIterable<WatchEvent<T>>,
  };
  return {
    client,
    lists,
    watches,
    holds(objects: Stored[], at: number) {
      items = objects;
      version = at;
    },
    fails(error: Error | undefined) {
      failure = error;
    },
    says: (event: WatchEvent | Error | "end") => push(event),
  };
}

interface Rig {
  server: ReturnType<typeof scriptedServer>;
  clock: VirtualClock;
  follower: Informer;
  changes: string[];
  end: () => Promise<void>;
}

async function start(initial: Stored[], at = 10): Promise<Rig> {
  const server = scriptedServer();
  server.holds(initial, at);
  const clock = virtualClock();
  const follower = informer({ client: server.client, clock, random: seededRandom(1), logger: silentLogger }, { kind: Widget });
  const changes: string[] = [];
  follower.onChange(({ type, object }) => changes.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`));
  const stop = new AbortController();
  const running = follower.run(stop.signal);
  await settle();
  return {
    server,
    clock,
    follower,
    changes,
    async end() {
      stop.abort();
      await running;
    },
  };
}

describe("informer", () => {
  let rig: Rig;
  afterEach(() => rig.end());

  it("lists, then follows, and tells of every change once", async () => {
    rig = await start([widget("a", 5)]);
    assert.ok(rig.follower.synced);
    rig.server.says({ type: "MODIFIED", object: widget("a", 11) });
    rig.server.says({ type: "ADDED", object: widget("b", 12) });
    rig.server.says({ type: "DELETED", object: widget("a", 13) });
    await settle();
    assert.deepEqual(rig.changes, ["added a@5", "modified a@11", "added b@12", "deleted a@13"]);
    assert.deepEqual(rig.server.watches, ["10"]);
  });

  it("resumes a watch that ended where it was left, without listing again", async () => {
    rig = await start([]);
    rig.server.says({ type: "ADDED", object: widget("a", 11) });
    rig.server.says({ type: "BOOKMARK", resourceVersion: "40" });
    await settle();
    rig.server.says("end");
    await rig.clock.advance(50);
    assert.deepEqual(rig.server.watches, ["10", "40"]);
    assert.equal(rig.server.lists.length, 1);
  });

  it("lists again after 410 and tells only the difference", async () => {
    rig = await start([widget("a", 5), widget("b", 6)]);
    rig.changes.length = 0;
    rig.server.holds([widget("b", 6), widget("c", 30)], 31);
    rig.server.says(new ApiError(410, "Expired", "too old"));
    await rig.clock.advance(1_000);
    assert.deepEqual(rig.changes, ["deleted a@5", "added c@30"]);
    assert.deepEqual(rig.server.watches, ["10", "31"]);
  });

  it("waits longer and longer while the server is away", async () => {
    rig = await start([]);
    rig.server.fails(new ApiError(0, "Unreachable", "refused"));
    rig.server.says(new ApiError(410, "Expired", "too old"));
    await rig.clock.advance(3_000);
    const tries = rig.server.lists.length;
    assert.ok(tries >= 4 && tries <= 9, `${tries} tries in three seconds`);
    rig.server.fails(undefined);
    await rig.clock.advance(30_000);
    assert.equal(rig.server.watches.length, 2);
  });

  it("reads its own writes at once, and no older event takes them back", async () => {
    rig = await start([widget("a", 5)]);
    rig.changes.length = 0;
    rig.follower.wrote(widget("a", 20));
    assert.equal(rig.follower.get("ns/a")?.metadata.resourceVersion, "20");
    rig.server.says({ type: "MODIFIED", object: widget("a", 15) });
    rig.server.says({ type: "MODIFIED", object: widget("a", 20) });
    await settle();
    assert.deepEqual(rig.changes, ["modified a@20"]);
  });

  it("does not bring back an object whose deletion it has seen before the answer to a write", async () => {
    rig = await start([widget("a", 5)]);
    rig.server.says({ type: "DELETED", object: widget("a", 21) });
    await settle();
    rig.follower.wrote(widget("a", 20));
    assert.equal(rig.follower.get("ns/a"), undefined);
  });

  it("forgets what it deleted itself, although older events still arrive", async () => {
    rig = await start([widget("a", 5)]);
    rig.follower.deleted("ns/a", "uid-a");
    rig.server.says({ type: "MODIFIED", object: widget("a", 15) });
    await settle();
    assert.equal(rig.follower.get("ns/a"), undefined);
    rig.server.says({ type: "DELETED", object: widget("a", 16) });
    rig.server.says({ type: "ADDED", object: widget("a", 17, { uid: "another" }) });
    await settle();
    assert.equal(rig.follower.get("ns/a")?.metadata.uid, "another");
  });

  it("keeps indexes in step", async () => {
    rig = await start([widget("a", 5, { labels: { team: "x" } }), widget("b", 6, { labels: { team: "x" } })]);
    rig.follower.addIndex("team", ({ metadata }) => (metadata.labels?.["team"] === undefined ? [] : [metadata.labels["team"]]));
    const names = (team: string) => rig.follower.byIndex("team", team).map(({ metadata }) => metadata.name);
    assert.deepEqual(names("x"), ["a", "b"]);
    rig.server.says({ type: "MODIFIED", object: widget("a", 11, { labels: { team: "y" } }) });
    rig.server.says({ type: "DELETED", object: widget("b", 12, { labels: { team: "x" } }) });
    await settle();
    assert.deepEqual([names("x"), names("y")], [[], ["a"]]);
  });
});

describe("object cache", () => {
  it("ends with the server's state, however our own answers and the watch interleave", () => {
    const operation = fc.record({ name: fc.constantFrom("a", "b"), kind: fc.constantFrom("write", "foreign", "delete"), lateBy: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const cache = objectCache();
        const live = new Map<string, Stored>();
        const events: (() => void)[] = [];
        const answers: { readonly at: number; readonly tell: () => void }[] = [];
        let version = 1;
        let incarnation = 0;
        for (const [step, { name, kind, lateBy }] of operations.entries()) {
          version += 1;
          const held = live.get(name);
          if (kind === "delete") {
            if (!held) continue;
            live.delete(name);
            const last = widget(name, version, { uid: held.metadata.uid });
            events.push(() => cache.observedDeletion(last));
            if (lateBy % 2 === 0) answers.push({ at: step + lateBy, tell: () => cache.deleted(`ns/${name}`, held.metadata.uid) });
            continue;
          }
          const next = widget(name, version, { uid: held?.metadata.uid ?? `uid-${(incarnation += 1)}` });
          live.set(name, next);
          events.push(() => cache.observed(next));
          if (kind === "write") answers.push({ at: step + lateBy, tell: () => cache.wrote(next) });
        }
        for (const [step, event] of events.entries()) {
          for (const { at, tell } of answers) if (at === step) tell();
          event();
        }
        for (const { at, tell } of answers) if (at >= events.length) tell();
        const versions = (objects: Iterable<Stored>) => [...objects].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
        assert.deepEqual(versions(cache.list()), versions(live.values()));
      }),
      { numRuns: 300 },
    );
  });
});
