import assert from "node:assert/strict";
import fc from "fast-check";
import { readingOrder } from "./reading-order.ts";

describe("the order in which nodes are read", () => {
  it("is as written where each node comes after what it needs", () => {
    const nodes = { b: {}, a: { inputs: { x: { from: "nodes.b.outputs.x" } } }, d: {}, c: { after: ["a"] } };
    assert.deepEqual(readingOrder(nodes), ["b", "a", "d", "c"]);
  });

  it("puts what is needed first where an API server has sorted the names", () => {
    const nodes = {
      "pick-best": { inputs: { models: { from: "nodes.train.outputs.model" } } },
      report: { inputs: { best: { expr: 'nodes["pick-best"].outputs.n - nodes.split-1' } } },
      split: {},
      train: { map: { over: { fold: { from: "nodes.split.outputs.parts" } } } },
    };
    assert.deepEqual(readingOrder(nodes), ["split", "train", "pick-best", "report"]);
  });

  it("names every node once, also of a workflow that goes in circles or names what is not there", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e-f");
    const node = fc.record({ after: fc.array(name), inputs: fc.dictionary(fc.constant("x"), fc.record({ from: name.map((of) => `nodes.${of}.outputs.x`) })) });
    fc.assert(
      fc.property(fc.dictionary(name, node), (nodes) => {
        assert.deepEqual(readingOrder(nodes).toSorted(), Object.keys(nodes).toSorted());
      }),
    );
  });
});
