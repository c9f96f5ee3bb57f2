import assert from "node:assert/strict";
import type { Clock } from "../base/index.ts";
import { type Evaluator, workerEvaluator } from "./evaluator.ts";

const clock: Clock = {
  now: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

describe("the evaluator", function () {
  this.timeout(20_000);

  let evaluator: Evaluator;
  before(() => {
    evaluator = workerEvaluator({ clock });
  });
  after(() => evaluator.close());

  it("evaluates in another thread", async () => {
    assert.deepEqual(await evaluator.evaluate({ text: "__0 + 1", variables: { __0: { kind: "int" } }, bindings: { __0: 41n } }), { ok: true, value: 42n });
  });

  it("stops an expression that takes too long, and goes on with the next one", async () => {
    const slow = evaluator.evaluate({ text: '__0.matches("^(a+)+$")', variables: { __0: { kind: "string" } }, bindings: { __0: `${"a".repeat(40)}!` } });
    const next = evaluator.evaluate({ text: "1 + 1", variables: {}, bindings: {} });
    assert.deepEqual(await slow, { ok: false, code: "ExpressionTimeout", message: "not done after 100 ms" });
    assert.deepEqual(await next, { ok: true, value: 2n });
  });

  it("refuses a result that is too large", async () => {
    const result = await evaluator.evaluate({ text: "range(1000000).map(i, [i, i, i, i])", variables: {}, bindings: {} });
    assert.equal(result.ok, false);
    assert.match(result.ok ? "" : result.code, /ResultTooLarge|ExpressionTimeout/);
  });

  it("answers requests in order", async () => {
    const results = await Promise.all(
      [1n, 2n, 3n].map((value) => evaluator.evaluate({ text: "__0", variables: { __0: { kind: "int" } }, bindings: { __0: value } })),
    );
    assert.deepEqual(
      results.map((result) => result.ok && result.value),
      [1n, 2n, 3n],
    );
  });
});
