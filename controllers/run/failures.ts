import { TerminalFailure } from "../../base/index.ts";
import { BlobError } from "../../blobs/index.ts";
import type { ActionError } from "../../engine/index.ts";

/** The part of a run's data or definition that cannot work: a failure of the run or of one node, not of this controller. */
export class DataFailure extends TerminalFailure {
  readonly error: ActionError;
  constructor(code: string, message: string, kind: ActionError["kind"] = "USER") {
    super(code, message);
    this.error = { code, kind, message };
  }
}

/** The failure that belongs to the node, or undefined for trouble that may pass or is ours. */
export function dataError(thrown: unknown): ActionError | undefined {
  if (thrown instanceof DataFailure) return thrown.error;
  if (thrown instanceof BlobError && (thrown.code === "BlobNotFound" || thrown.code === "BlobTooLarge" || thrown.code === "InvalidKey"))
    return { code: thrown.code, kind: thrown.code === "BlobTooLarge" ? "USER" : "SYSTEM", message: thrown.message };
  return undefined;
}
