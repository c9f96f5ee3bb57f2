import assert from "node:assert/strict";
import { inParallel } from "./in-parallel.ts";

describe("inParallel", () => {
  it("gives results in the order of the items, however long each takes", async () => {
    const turns = [3, 0, 2, 1];
    const results = await inParallel(turns, 2, async (count, index) => {
      for (let turn = 0; turn < count; turn++) await Promise.resolve();
      return `${index}:${count}`;
    });
    assert.deepEqual(results, ["0:3", "1:0", "2:2", "3:1"]);
  });

  it("never works on more than the limit at once", async () => {
    let [running, most] = [0, 0];
    await inParallel(Array.from({ length: 20 }), 3, async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
    });
    assert.equal(most, 3);
  });

  it("starts nothing after a failure, waits for what runs, then throws the first", async () => {
    const events: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const result = inParallel(["slow", "bad", "later"], 2, async (item) => {
      events.push(item);
      if (item === "bad") throw new Error("first");
      await held;
      events.push("slow ended");
    });
    setImmediate(release);
    await assert.rejects(result, /first/);
    assert.deepEqual(events, ["slow", "bad", "slow ended"]);
  });
});
