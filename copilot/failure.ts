import { BlobError, RemoteDataError } from "../blobs/index.ts";
import { Failure, messageOf, TerminalFailure } from "../base/index.ts";
import type { AttemptError } from "./result.ts";

/** The object store does not let the copilot in. */
export const STORE_DENIED = "StoreDenied";

/** Something about stored data that only an operator or a new run can mend. */
export function dataFailure(reason: string, message: string): TerminalFailure {
  return new TerminalFailure(reason, message);
}

/**
 * What went wrong in the copilot itself: never the task's fault, worth another attempt only when it may pass by itself. Data that lies
 * elsewhere is its owner's: when it is gone, or may not be read, that is no failure of the platform.
 */
export function systemError(code: string, thrown: unknown): AttemptError {
  if (thrown instanceof BlobError && thrown.code === "BlobAccessDenied")
    return { code: STORE_DENIED, message: messageOf(thrown), kind: "SYSTEM", retryable: false, skip: false };
  const known = thrown instanceof Failure && !(thrown instanceof BlobError) ? thrown.reason : code;
  const terminal = thrown instanceof Failure && thrown.retry === "terminal";
  const kind = thrown instanceof RemoteDataError && terminal ? "USER" : "SYSTEM";
  return { code: known, message: messageOf(thrown), kind, retryable: !terminal, skip: false };
}
