import assert from "node:assert/strict";
import type { PhaseReport } from "../../plugins/index.ts";
import type { AttemptResult } from "./attempt-result.ts";
import { judgeAttempt } from "./judge-attempt.ts";
import { type Policy, policyOf } from "./policy.ts";

type Exited = Extract<PhaseReport, { kind: "exited" }>;

const exited = (exitCode: number, more: Partial<Exited> = {}): Exited => ({ kind: "exited", exitCode, oomKilled: false, ran: true, message: "", ...more });
const stored: AttemptResult = { outcome: "Succeeded", warnings: [] };
const storedError = (error: Partial<NonNullable<AttemptResult["error"]>>): AttemptResult => ({
  outcome: "Failed",
  error: { code: "OutputMissing", message: "no output model", kind: "USER", retryable: true, skip: false, ...error },
  warnings: [],
});
const policy = (onExit: Partial<Policy["onExit"]> = {}): Policy => ({ ...policyOf({}), onExit: { retry: [], fail: [], skip: [], ...onExit } });

/** Judgement in one word: `<kind> <code> <budget>`. */
function verdict(report: Parameters<typeof judgeAttempt>[0], result?: AttemptResult, rules: Policy = policy()): string {
  const judgement = judgeAttempt(report, result, rules);
  return judgement.kind === "failed" ? `failed ${judgement.error.code} ${judgement.budget}${judgement.oom ? " oom" : ""}` : judgement.kind;
}

describe("judging an attempt", () => {
  const cases: Record<string, [string, string]> = {
    "exit 0 with stored outputs is a success": [verdict(exited(0), stored), "succeeded"],
    "exit 0 without a result is the platform's failure": [verdict(exited(0)), "failed CopilotFailed system"],
    "exit 0 with a sidecar that ended badly is the platform's failure": [
      verdict(exited(0, { copilot: "copilot-sidecar exited with 1" }), stored),
      "failed CopilotFailed system",
    ],
    "exit 0 with an absent output is the user's failure": [verdict(exited(0), storedError({})), "failed OutputMissing user"],
    "an output of the wrong type that cannot become right is not retried": [
      verdict(exited(0), storedError({ code: "OutputTypeMismatch", retryable: false })),
      "failed OutputTypeMismatch none",
    ],
    "a store that was away is the platform's failure": [
      verdict(exited(0), storedError({ code: "BlobStoreUnavailable", kind: "SYSTEM" })),
      "failed BlobStoreUnavailable system",
    ],
    "another exit code is the user's failure": [verdict(exited(7), storedError({})), "failed ExitCode user"],
    "126 is never retried": [verdict(exited(126)), "failed ExitCode none"],
    "127 is never retried": [verdict(exited(127)), "failed ExitCode none"],
    "onExit.retry overrides that": [verdict(exited(127), undefined, policy({ retry: [127] })), "failed ExitCode user"],
    "onExit.fail is never retried": [verdict(exited(64), undefined, policy({ fail: [64] })), "failed ExitCode none"],
    "onExit.skip ends the node as skipped": [verdict(exited(99), undefined, policy({ skip: [99] })), "skipped"],
    "a kill for memory says so": [verdict(exited(137, { oomKilled: true })), "failed OOMKilled user oom"],
    "137 of another cause is the user's": [verdict(exited(137)), "failed ExitCode user"],
    "_ERROR wins over exit 0": [verdict(exited(0), storedError({ code: "BadInput", declared: true, retryable: false })), "failed BadInput none"],
    "_ERROR wins over an exit code": [verdict(exited(7), storedError({ code: "BadInput", declared: true })), "failed BadInput user"],
    "_ERROR can ask to skip": [verdict(exited(1), storedError({ declared: true, skip: true })), "skipped"],
    "a download that found bad data is the user's": [
      verdict(exited(-1, { ran: false, copilot: "copilot-download exited with 1" }), storedError({ code: "LinkEscapes", retryable: false })),
      "failed LinkEscapes none",
    ],
    "a download that failed without a word is the platform's": [
      verdict(exited(-1, { ran: false, copilot: "copilot-download exited with 1" })),
      "failed CopilotFailed system",
    ],
    "what the pod alone decided stays": [
      verdict({ kind: "failed", error: { code: "Preempted", kind: "SYSTEM", message: "" }, budget: "preemption", cleanup: false }, stored),
      "failed Preempted preemption",
    ],
  };
  for (const [name, [actual, expected]] of Object.entries(cases)) it(name, () => assert.equal(actual, expected));

  it("puts the program's last output into the message", () => {
    const judgement = judgeAttempt(exited(7), undefined, policy(), "Traceback:\n  boom\n");
    assert.equal(judgement.kind === "failed" && judgement.error.message, "the program exited with 7\nTraceback:\n  boom");
  });

  it("names the signal that ended a program", () => {
    const judgement = judgeAttempt(exited(139), undefined, policy());
    assert.match(judgement.kind === "failed" ? judgement.error.message : "", /signal 11/);
  });
});
