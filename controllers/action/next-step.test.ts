import assert from "node:assert/strict";
import fc from "fast-check";
import type { Budget } from "../../plugins/index.ts";
import { type Failures, nextStep, noFailures } from "./next-step.ts";
import { type Policy, policyOf } from "./policy.ts";

const policy = (more: Partial<Policy> = {}): Policy => ({ ...policyOf({}), limits: { user: 2, system: 3, preemption: 5 }, ...more });
const failure = (budget: Budget, grows = false) => ({ error: { code: "ExitCode", kind: "USER" as const, message: "exited with 7" }, budget, grows });

/** Re-runs that one kind of failure gets. */
function reruns(rules: Policy, budget: Budget): number {
  let failures: Failures = noFailures;
  for (let count = 0; count < 100; count += 1) {
    const step = nextStep(rules, failures, failure(budget), count + 1);
    if (step.kind === "give up") return count;
    failures = step.failures;
  }
  return Infinity;
}

describe("the step after a failed attempt", () => {
  it("gives each kind of failure its own budget", () => {
    assert.deepEqual(
      (["user", "timeout", "system", "preemption", "none"] as const).map((budget) => reruns(policy(), budget)),
      [2, 2, 3, 5, 0],
    );
  });

  it("runs once by default when the user's code fails", () => assert.equal(reruns(policyOf({}), "user"), 0));

  it("does not spend the user's budget on preemptions", () => {
    const lost = nextStep(policy(), noFailures, failure("preemption"), 1);
    assert.deepEqual(lost.failures, { user: 0, system: 0, preemption: 1, oom: 0 });
  });

  it("waits as the backoff says, growing up to its cap", () => {
    const rules = policy({ limits: { user: 9, system: 0, preemption: 0 }, backoff: { firstMs: 5_000, factor: 2, capMs: 15_000 } });
    const delays = [0, 1, 2, 3].map((user) => {
      const step = nextStep(rules, { ...noFailures, user }, failure("user"), user + 1);
      return step.kind === "retry" ? step.delayMs : -1;
    });
    assert.deepEqual(delays, [5_000, 10_000, 15_000, 15_000]);
  });

  it("draws on no budget when memory can grow", () => {
    const step = nextStep(policy({ limits: { user: 0, system: 0, preemption: 0 } }), noFailures, failure("user", true), 1);
    assert.deepEqual(step, { kind: "retry", failures: { user: 0, system: 0, preemption: 0, oom: 1 }, delayMs: 0 });
  });

  it("ends as TimedOut when the last attempt ran out of time", () => {
    const step = nextStep(policyOf({}), noFailures, failure("timeout"), 1);
    assert.equal(step.kind === "give up" && step.phase, "TimedOut");
  });

  it("says how many attempts there were", () => {
    const step = nextStep(policyOf({}), noFailures, failure("user"), 3);
    assert.match(step.kind === "give up" ? step.error.message : "", /attempt 3, the last/);
  });

  it("always ends, whatever fails in whatever order", () => {
    const budgets = fc.array(fc.constantFrom<Budget>("user", "system", "preemption", "timeout"), { minLength: 60, maxLength: 60 });
    const limits = fc.record({ user: fc.nat(10), system: fc.nat(10), preemption: fc.nat(10) });
    fc.assert(
      fc.property(budgets, limits, (order, allowed) => {
        let failures: Failures = noFailures;
        const rules = policy({ limits: allowed });
        const end = order.findIndex((budget, index) => {
          const step = nextStep(rules, failures, failure(budget), index + 1);
          failures = step.failures;
          return step.kind === "give up";
        });
        assert.ok(end >= 0 && end <= allowed.user + allowed.system + allowed.preemption);
      }),
      { numRuns: 100 },
    );
  });
});
