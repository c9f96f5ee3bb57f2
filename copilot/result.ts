import { ATTEMPT_FILES, type BlobStore } from "../blobs/index.ts";
import { stringifyJson } from "../base/index.ts";
import { ContainerError_Kind, create, ErrorDocumentSchema, ExecutionError_ErrorKind, toBinary } from "../proto/index.ts";

export interface AttemptError {
  readonly code: string;
  readonly message: string;
  readonly kind: "USER" | "SYSTEM";
  readonly retryable: boolean;
  /** The task asks to be counted as skipped. */
  readonly skip: boolean;
  /** The task itself reported it, in `_ERROR`: it wins over the exit code. */
  readonly declared?: true;
}

/** What `result.json` holds: how an attempt ended, as the copilot saw it. */
export interface AttemptResult {
  readonly outcome: "Succeeded" | "Failed";
  readonly error?: AttemptError;
  /** Set when the inputs could not be prepared. */
  readonly stage?: "download";
  readonly warnings: readonly string[];
  /** Files and bytes stored for the outputs. */
  readonly files: number;
  readonly bytes: number;
}

const MAX_MESSAGE_BYTES = 4096;

/** A message short enough for a status: its first 4 KiB. */
function shortened(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return message;
  return `${bytes
    .subarray(0, MAX_MESSAGE_BYTES)
    .toString()
    .replace(/\ufffd+$/, "")}… (${bytes.length} bytes)`;
}

const RESULT_MAX_BYTES = 4 * 1024 * 1024;

/** Has the download of this attempt failed and said so? Then the sidecar beside it ends too, and must not cover up why. */
export async function downloadHasFailed(store: BlobStore, prefixKey: string): Promise<boolean> {
  const key = `${prefixKey}/${ATTEMPT_FILES.result}`;
  if ((await store.stat(key)) === undefined) return false;
  return (JSON.parse((await store.read(key, RESULT_MAX_BYTES)).toString("utf8")) as AttemptResult).stage === "download";
}

/** Writes error.pb (the whole message, for flyteidl2 readers) and result.json, in this order: result.json is what counts. */
export async function writeResult(store: BlobStore, prefixKey: string, result: AttemptResult): Promise<void> {
  if (result.error !== undefined) await store.write(`${prefixKey}/${ATTEMPT_FILES.error}`, errorDocument(result.error));
  const brief = result.error === undefined ? result : { ...result, error: { ...result.error, message: shortened(result.error.message) } };
  await store.write(`${prefixKey}/${ATTEMPT_FILES.result}`, `${stringifyJson(brief, 2)}\n`);
}

function errorDocument(error: AttemptError): Uint8Array {
  const kind = error.retryable ? ContainerError_Kind.RECOVERABLE : ContainerError_Kind.NON_RECOVERABLE;
  const origin = error.kind === "USER" ? ExecutionError_ErrorKind.USER : ExecutionError_ErrorKind.SYSTEM;
  return toBinary(ErrorDocumentSchema, create(ErrorDocumentSchema, { error: { code: error.code, message: error.message, kind, origin } }));
}
