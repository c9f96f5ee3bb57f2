import assert from "node:assert/strict";
import fc from "fast-check";
import type { TaskActionStatus } from "../../crds/index.ts";
import { type Item, type ItemPhase, mapError, mapVerdict, readItems, writeItems } from "./map-items.ts";
import { noFailures } from "./next-step.ts";

const small = fc.nat(40);
const item: fc.Arbitrary<Item> = fc
  .tuple(fc.constantFrom<ItemPhase>(".", "q", "r", "s", "f", "t", "k", "w"), small, small, small, small, small)
  .map(([phase, attempt, user, system, preemption, oom]) => ({ phase, attempt, failures: { user, system, preemption, oom } }));
const items = (phases: string): Item[] => [...phases].map((phase) => ({ phase: phase as ItemPhase, attempt: 0, failures: noFailures }));

describe("items of a map", () => {
  it("read back what was written", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 50 }), (all) => {
        const status: TaskActionStatus = {};
        writeItems(status, all, []);
        assert.deepEqual(readItems(status, all.length), all);
      }),
      { numRuns: 100 },
    );
  });

  it("take no more than 64 KiB for 8,192 items that all failed often", () => {
    const status: TaskActionStatus = {};
    const worst = Array.from({ length: 8_192 }, (): Item => ({ phase: "w", attempt: 61, failures: { user: 61, system: 61, preemption: 61, oom: 61 } }));
    const failures = worst.map((_, index) => ({ index, code: "ExitCode", message: "x".repeat(5_000) }));
    writeItems(status, worst, failures);
    assert.ok((status.items?.state?.length ?? 0) + (status.items?.phases.length ?? 0) <= 65_536);
    assert.equal(status.items?.failures?.length, 100);
    assert.ok(status.items?.failures?.every(({ message }) => Buffer.byteLength(message) <= 1_024));
  });

  it("cost one character each while nothing has failed", () => {
    const status: TaskActionStatus = {};
    writeItems(status, items("ssrq.."), []);
    assert.deepEqual(status.items, { phases: "ssrq..", succeeded: 2, failed: 0, running: 2 });
  });

  const verdicts: Record<string, [string, number, ReturnType<typeof mapVerdict>]> = {
    "are open while one runs": ["ssr", 1, undefined],
    "succeed when all do": ["sss", 1, "succeeded"],
    "fail with the first failure when all must succeed": ["sf.", 1, "failed"],
    "bear failures up to the ratio": ["ssssf", 0.8, "succeeded"],
    "stay open while the ratio can be kept": ["ssf..", 0.8, undefined],
    "fail as soon as the ratio is out of reach": ["ff...", 0.8, "failed"],
    "succeed when there are none": ["", 1, "succeeded"],
    "count a timeout as a failure": ["st", 1, "failed"],
    "bear everything at ratio 0": ["fff", 0, "succeeded"],
    "do not lose an item to rounding": ["sssssssfff", 0.7, "succeeded"],
  };
  for (const [name, [phases, ratio, expected]] of Object.entries(verdicts)) it(name, () => assert.equal(mapVerdict(items(phases), ratio), expected));

  it("name the first failure as people write it", () => {
    const error = mapError("train", items("sff"), [
      { index: 2, code: "ExitCode", message: "later" },
      { index: 1, code: "ExitCode", message: "the program exited with 7" },
    ]);
    assert.equal(error.message, "2 of 3 items failed; train[1]: ExitCode: the program exited with 7");
  });
});
