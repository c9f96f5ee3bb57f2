import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom, sleep } from "../base/index.ts";
import { settle, virtualClock } from "../test/support/virtual-clock.ts";
import { keyedQueue, type KeyedQueueOptions } from "./keyed-queue.ts";

function rig(options: KeyedQueueOptions = {}) {
  const clock = virtualClock();
  const queue = keyedQueue({ clock, random: seededRandom(1) }, options);
  const stop = new AbortController();
  return { clock, queue, stop };
}

describe("keyed queue", () => {
  it("works on a key once however often it was asked for before", async () => {
    const { queue, stop } = rig();
    const seen: string[] = [];
    for (let count = 0; count < 5; count += 1) queue.add("ns/a");
    const running = queue.run(stop.signal, async (key) => void seen.push(key));
    await settle();
    stop.abort();
    await running;
    assert.deepEqual(seen, ["ns/a"]);
  });

  it("works on a key once more when it is asked for during the work, and never twice at once", async () => {
    const { queue, stop } = rig();
    let release: () => void = () => undefined;
    let passes = 0;
    let inside = 0;
    queue.add("ns/a");
    const running = queue.run(stop.signal, async () => {
      passes += 1;
      inside += 1;
      assert.equal(inside, 1);
      if (passes === 1) await new Promise<void>((resolve) => (release = resolve));
      inside -= 1;
    });
    await settle();
    queue.add("ns/a");
    queue.add("ns/a");
    await settle();
    assert.equal(passes, 1);
    release();
    await settle();
    stop.abort();
    await running;
    assert.equal(passes, 2);
  });

  it("works on no more keys at once than it may at that moment, and says how long each was ready", async () => {
    let workers = 2;
    const waits: number[] = [];
    const { clock, queue, stop } = rig({ concurrency: 8, workers: () => workers, onWait: (ms) => waits.push(ms) });
    let inside = 0;
    let most = 0;
    for (let count = 0; count < 10; count += 1) queue.add(`ns/${count}`);
    const running = queue.run(stop.signal, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(clock, 100);
      inside -= 1;
    });
    await clock.advance(200);
    assert.equal(most, 2);
    workers = 100;
    await clock.advance(200);
    assert.equal(most, 5);
    stop.abort();
    await running;
    assert.deepEqual(waits, [0, 0, 100, 100, 200, 200, 300, 300, 300, 300]);
  });

  it("keeps the earliest appointment and drops it when the key is woken before", async () => {
    const { clock, queue, stop } = rig();
    const at: number[] = [];
    const start = clock.now();
    const running = queue.run(stop.signal, async () => void at.push(clock.now() - start));
    queue.add("a", 1_000);
    queue.add("a", 200);
    queue.add("a", 500);
    await clock.advance(2_000);
    queue.add("a", 300);
    queue.add("a");
    await clock.advance(1_000);
    stop.abort();
    await running;
    assert.deepEqual(at, [200, 2_000]);
  });

  it("doubles the delay of retries with jitter until it is told to forget", async () => {
    const { clock, queue, stop } = rig({ backoff: { firstMs: 100, lastMs: 1_000 } });
    const at: number[] = [];
    const start = clock.now();
    const running = queue.run(stop.signal, async (key) => {
      at.push(clock.now() - start);
      if (at.length < 7) queue.retry(key);
    });
    queue.add("a");
    await clock.advance(10_000);
    stop.abort();
    await running;
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    gaps.forEach((gap, index) => {
      const full = Math.min(1_000, 100 * 2 ** index);
      assert.ok(gap >= full / 2 - 1 && gap <= full + 1, `gap ${index} was ${gap}, expected ${full / 2}–${full}`);
    });
  });

  it("gives every group its turn: one key waits one round behind a group of a thousand", async () => {
    const { queue, stop } = rig({ concurrency: 1 });
    const order: string[] = [];
    for (let index = 0; index < 1_000; index += 1) queue.add(`big/${index}`);
    queue.add("small/only");
    const running = queue.run(stop.signal, async (key) => void order.push(key));
    await settle();
    stop.abort();
    await running;
    assert.ok(order.indexOf("small/only") <= 1);
  });

  it("never loses a wake-up and never works on one key twice at once, whatever the interleaving", async () => {
    const step = fc.record({ key: fc.constantFrom("a/1", "a/2", "b/1"), afterMs: fc.constantFrom(0, 0, 5, 20), tick: fc.integer({ min: 0, max: 30 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, concurrency) => {
        const { clock, queue, stop } = rig({ concurrency });
        const state = new Map<string, number>();
        const handled = new Map<string, number>();
        const active = new Set<string>();
        const running = queue.run(stop.signal, async (key) => {
          assert.ok(!active.has(key), "one key twice at once");
          active.add(key);
          const seen = state.get(key) ?? 0;
          await new Promise<void>((resolve) => clock.after(3, resolve));
          handled.set(key, seen);
          active.delete(key);
        });
        for (const { key, afterMs, tick } of steps) {
          state.set(key, (state.get(key) ?? 0) + 1);
          queue.add(key, afterMs);
          if (tick > 20) await clock.advance(tick - 20);
        }
        await clock.advance(1_000);
        stop.abort();
        await running;
        assert.deepEqual(handled, state, "the last state of every key was seen by a pass that began after it");
      }),
      { numRuns: 60 },
    );
  });

  it("ends only after the work in hand", async () => {
    const { queue, stop } = rig();
    let ended = false;
    let release: () => void = () => undefined;
    queue.add("a");
    const running = queue
      .run(stop.signal, () => new Promise<void>((resolve) => (release = resolve)))
      .then(() => {
        ended = true;
      });
    await settle();
    stop.abort();
    await settle();
    assert.equal(ended, false);
    release();
    await running;
  });

  it("leaves no timer behind, not even for an appointment that the last work made", async () => {
    const { clock, queue, stop } = rig();
    let release: () => void = () => undefined;
    queue.add("a");
    queue.add("b", 60_000);
    const running = queue.run(stop.signal, async (key) => {
      await new Promise<void>((resolve) => (release = resolve));
      queue.add(key, 60_000);
    });
    await settle();
    stop.abort();
    release();
    await running;
    queue.retry("a");
    assert.equal(clock.nextIn, undefined);
  });
});
