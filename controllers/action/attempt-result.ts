import { parseJson } from "../../base/index.ts";
import { BlobError, type BlobStore } from "../../blobs/index.ts";

/** result.json: what the copilots found. Its absence means that they did not finish. */
export interface AttemptResult {
  readonly outcome: "Succeeded" | "Failed";
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly kind: "USER" | "SYSTEM";
    readonly retryable: boolean;
    readonly skip: boolean;
    /** The program itself said so, in `_ERROR`: it wins over its exit code. */
    readonly declared?: boolean;
  };
  readonly warnings: readonly string[];
}

const RESULT_MAX_BYTES = 4 * 1024 * 1024;

/** The result of an attempt, undefined when none was stored (or half a one: it is written last and atomically). */
export async function readResult(blobs: BlobStore, key: string): Promise<AttemptResult | undefined> {
  const bytes = await blobs.read(key, RESULT_MAX_BYTES).catch((thrown: unknown) => {
    if (thrown instanceof BlobError && thrown.code === "BlobNotFound") return undefined;
    throw thrown;
  });
  if (bytes === undefined) return undefined;
  const result = parseJson(bytes.toString("utf8")) as unknown as AttemptResult;
  return { ...result, warnings: result.warnings ?? [] };
}
