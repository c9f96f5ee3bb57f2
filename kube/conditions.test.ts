import assert from "node:assert/strict";
import { RetryableFailure, settled, TerminalFailure, waiting } from "../base/index.ts";
import { ApiError } from "./client.ts";
import { conclude, type Ending, withCondition } from "./conditions.ts";

function said(ending: Ending): string {
  const { result, summary, next, log } = conclude(ending);
  const set = summary?.set.map(({ type, status, reason }) => `${type}=${status}/${reason}`).join(" ") ?? "untouched";
  return `${result}: ${set}; ${next.kind}${next.kind === "after" ? ` ${next.ms}` : ""}; ${log}`;
}

describe("what a reconcile's end means", () => {
  const cases: Record<string, [Ending, string]> = {
    settled: [{ outcome: settled() }, "settled: Ready=True/Succeeded; on change; debug"],
    "settled for a while": [{ outcome: settled(5_000) }, "settled: Ready=True/Succeeded; after 5000; debug"],
    waiting: [{ outcome: waiting("NoRevisionYet", "the source") }, "waiting: Ready=Unknown/NoRevisionYet Reconciling=True/NoRevisionYet; on change; info"],
    "a failure that may pass": [
      { thrown: new RetryableFailure("StoreAway", "no answer") },
      "retryable: Ready=False/StoreAway Reconciling=True/StoreAway; backoff; error",
    ],
    "a failure that a human must end": [
      { thrown: new TerminalFailure("BadSpec", "no such field") },
      "terminal: Ready=False/BadSpec Stalled=True/BadSpec; on change; error",
    ],
    "a conflict": [{ thrown: new ApiError(409, "Conflict", "modified") }, "conflict: untouched; now; debug"],
    "a name that is taken is no conflict": [
      { thrown: new ApiError(409, "AlreadyExists", "exists") },
      "retryable: Ready=False/AlreadyExists Reconciling=True/AlreadyExists; backoff; error",
    ],
    "something absent that may appear": [
      { thrown: new ApiError(404, "NotFound", "no namespace") },
      "retryable: Ready=False/NotFound Reconciling=True/NotFound; backoff; error",
    ],
    "a refusal": [{ thrown: new ApiError(403, "Forbidden", "no") }, "terminal: Ready=False/Forbidden Stalled=True/Forbidden; on change; error"],
    "a bug": [{ thrown: new TypeError("x is not a function") }, "bug: Ready=False/InternalError Reconciling=True/InternalError; backoff; error"],
  };
  for (const [name, [ending, expected]] of Object.entries(cases)) it(name, () => assert.equal(said(ending), expected));
});

describe("a condition", () => {
  const mark = { type: "Ready", status: "True", reason: "Succeeded", message: "" } as const;

  it("moves its transition time only when its status moves", () => {
    const first = withCondition(undefined, mark, 1_000, 1);
    const again = withCondition(first, { ...mark, reason: "Other" }, 9_000, 2);
    assert.equal(again[0]?.lastTransitionTime, "1970-01-01T00:00:01Z");
    assert.equal(again[0]?.observedGeneration, 2);
    const moved = withCondition(again, { ...mark, status: "False" }, 9_000, 2);
    assert.equal(moved[0]?.lastTransitionTime, "1970-01-01T00:00:09Z");
  });

  it("keeps its place among others", () => {
    const two = withCondition(withCondition(undefined, mark, 0, 1), { ...mark, type: "Other" }, 0, 1);
    assert.deepEqual(
      withCondition(two, { ...mark, status: "False" }, 0, 1).map(({ type }) => type),
      ["Ready", "Other"],
    );
  });
});
