import { BlobError } from "../blobs/index.ts";
import { Failure, messageOf, TerminalFailure } from "../base/index.ts";
import type { AttemptError } from "./result.ts";

/** Something about stored data that only an operator or a new run can mend. */
export function dataFailure(reason: string, message: string): TerminalFailure {
  return new TerminalFailure(reason, message);
}

/** What went wrong in the copilot itself: never the task's fault, worth another attempt only when it may pass by itself. */
export function systemError(code: string, thrown: unknown): AttemptError {
  const known = thrown instanceof Failure && !(thrown instanceof BlobError) ? thrown.reason : code;
  const terminal = thrown instanceof Failure && thrown.retry === "terminal";
  return { code: known, message: messageOf(thrown), kind: "SYSTEM", retryable: !terminal, skip: false };
}
