import assert from "node:assert/strict";
import { virtualClock } from "../../test/support/virtual-clock.ts";
import { workLoop } from "./work-loop.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a work loop", () => {
  it("takes one step at a time, and one more when it is woken meanwhile, however often", async () => {
    let [steps, running, most] = [0, 0, 0];
    const loop = workLoop(virtualClock(), {
      async step() {
        most = Math.max(most, ++running);
        if (++steps === 1) for (let count = 0; count < 5; count++) loop.wake();
        await Promise.resolve();
        running -= 1;
      },
      failed: assert.fail,
      stepped: () => undefined,
    });
    loop.wake();
    await turn();
    assert.deepEqual({ steps, most }, { steps: 2, most: 1 });
  });

  it("takes a step again after a failure, less and less often, and at once when woken", async () => {
    const clock = virtualClock();
    const failures: number[] = [];
    const loop = workLoop(clock, {
      step: () => Promise.reject(new Error("no")),
      failed: () => void failures.push(clock.now()),
      stepped: () => undefined,
    });
    const start = clock.now();
    loop.wake();
    for (let second = 0; second < 8; second++) {
      await turn();
      await clock.advance(500);
    }
    await turn();
    assert.deepEqual(
      failures.map((at) => at - start),
      [0, 500, 1_500, 3_500],
    );
  });

  it("does nothing after its end", async () => {
    const clock = virtualClock();
    let steps = 0;
    const loop = workLoop(clock, { step: async () => void (steps += 1), failed: assert.fail, stepped: () => undefined });
    loop.wakeIn(100);
    loop.stop();
    loop.wake();
    await clock.advance(1_000);
    assert.equal(steps, 0);
  });
});
