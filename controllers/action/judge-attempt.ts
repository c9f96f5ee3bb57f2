import type { AttemptError, Budget, PhaseReport } from "../../plugins/index.ts";
import type { AttemptResult } from "./attempt-result.ts";
import type { Policy } from "./policy.ts";

/** What an attempt that is over amounts to. */
export type Judgement =
  | { readonly kind: "succeeded"; readonly notes: readonly string[] }
  | { readonly kind: "skipped"; readonly message: string; readonly exitCode?: number }
  | { readonly kind: "failed"; readonly error: AttemptError; readonly budget: Budget; readonly oom: boolean; readonly exitCode?: number };

type Over = Exclude<PhaseReport, { kind: "ongoing" }>;
type Exited = Extract<PhaseReport, { kind: "exited" }>;
type Failed = Extract<Judgement, { kind: "failed" }>;

/** A program that does not exist or may not be run exits with these; running it again changes nothing. */
const NEVER_RETRIED = new Set([126, 127]);

function failed(budget: Budget, error: AttemptError, exitCode?: number): Failed {
  return { kind: "failed", error, budget, oom: false, ...(exitCode === undefined || exitCode < 0 ? {} : { exitCode }) };
}

/** What was stored says that it failed. */
function byResult(error: NonNullable<AttemptResult["error"]>, exitCode: number): Judgement {
  const { code, message, kind } = error;
  if (error.skip) return { kind: "skipped", message, ...(exitCode < 0 ? {} : { exitCode }) };
  const budget = !error.retryable ? "none" : kind === "SYSTEM" ? "system" : "user";
  return failed(budget, { code, kind, message }, exitCode);
}

function exitBudget(exitCode: number, { onExit }: Policy): Budget {
  if (onExit.retry.includes(exitCode)) return "user";
  return onExit.fail.includes(exitCode) || NEVER_RETRIED.has(exitCode) ? "none" : "user";
}

function exitMessage(exitCode: number, output: string): string {
  const said = output.trim();
  const what =
    exitCode > 128 && exitCode < 160 ? `the program was ended by signal ${exitCode - 128} (exit code ${exitCode})` : `the program exited with ${exitCode}`;
  return said === "" ? what : `${what}\n${said}`;
}

function byExitCode({ exitCode, oomKilled }: Exited, policy: Policy, output: string): Judgement {
  if (oomKilled) {
    const error: AttemptError = {
      code: "OOMKilled",
      kind: "USER",
      message: exitMessage(exitCode, output).replace("the program", "out of memory: the program"),
    };
    return { ...failed("user", error, exitCode), oom: true };
  }
  if (policy.onExit.skip.includes(exitCode)) return { kind: "skipped", message: `the program exited with ${exitCode}, which means skip`, exitCode };
  return failed(exitBudget(exitCode, policy), { code: "ExitCode", kind: "USER", message: exitMessage(exitCode, output) }, exitCode);
}

function byOutputs({ copilot, exitCode }: Exited, result: AttemptResult | undefined): Judgement {
  if (result?.outcome === "Failed" && result.error) return byResult(result.error, exitCode);
  if (result?.outcome === "Succeeded" && copilot === undefined) return { kind: "succeeded", notes: result.warnings };
  const message = copilot ?? "the copilot stored no result";
  return failed("system", { code: "CopilotFailed", kind: "SYSTEM", message }, exitCode);
}

/**
 * Judges an attempt that is over from the plugin's report, what the copilots stored, and the last output of the program.
 * Pure: its table is the specification of "Exit codes and retries".
 */
export function judgeAttempt(report: Over, result: AttemptResult | undefined, policy: Policy, output = ""): Judgement {
  if (report.kind === "failed") return failed(report.budget, report.error, report.exitCode);
  const { exitCode, ran } = report;
  if (result?.error?.declared) return byResult(result.error, exitCode);
  if (ran && exitCode !== 0) return byExitCode(report, policy, output || report.message);
  return byOutputs(report, result);
}
