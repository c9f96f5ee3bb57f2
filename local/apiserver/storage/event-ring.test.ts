import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry, StoredEvent } from "./entry.ts";
import { eventRing } from "./event-ring.ts";

const event = (resourceVersion: number): StoredEvent => ({ type: "MODIFIED", entry: { resourceVersion } as Entry, previous: undefined });
const versions = (events: StoredEvent[] | undefined) => events?.map(({ entry }) => entry.resourceVersion);

describe("the ring of recent events", () => {
  it("answers what came after a version, or that it has forgotten", () => {
    const ring = eventRing(3, 10);
    for (const version of [12, 15, 16, 20]) ring.push(event(version));
    assert.deepEqual(versions(ring.since(12)), [15, 16, 20]);
    assert.deepEqual(versions(ring.since(17)), [20]);
    assert.deepEqual(versions(ring.since(99)), []);
    assert.equal(ring.since(11), undefined);
  });

  it("agrees with a plain list, for every capacity and history", () => {
    const history = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), history, fc.integer({ min: 0, max: 150 }), (capacity, steps, asked) => {
        const ring = eventRing(capacity, 0);
        const all: number[] = [];
        for (const step of steps) {
          const version = (all.at(-1) ?? 0) + step;
          all.push(version);
          ring.push(event(version));
        }
        const forgotten = all.slice(0, Math.max(0, all.length - capacity)).at(-1) ?? 0;
        const expected = asked < forgotten ? undefined : all.filter((version) => version > asked);
        assert.deepEqual(versions(ring.since(asked)), expected);
      }),
      { numRuns: 200 },
    );
  });
});
