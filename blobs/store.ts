/**
 * The object store as every room sees it. Keys are relative, `/`-separated, never empty, without `.`, `..`, empty
 * segments, NUL or backslash; a backend refuses others, and what it cannot keep, with code InvalidKey before touching anything. Every method rejects with BlobError.
 */
import { Failure } from "../base/index.ts";

export type BlobErrorCode = "BlobNotFound" | "BlobAlreadyExists" | "InvalidKey" | "BlobTooLarge" | StoreTrouble;

/** Nothing about the object that was asked for: it passes by itself, or when an operator has mended the installation. */
export type StoreTrouble = "BlobStoreUnavailable" | "BlobAccessDenied" | "BlobContainerMissing" | "BlobStoreMisconfigured";

const TROUBLES: ReadonlySet<BlobErrorCode> = new Set<StoreTrouble>([
  "BlobStoreUnavailable",
  "BlobAccessDenied",
  "BlobContainerMissing",
  "BlobStoreMisconfigured",
]);

export class BlobError extends Failure {
  override readonly retry: "retryable" | "terminal";
  readonly code: BlobErrorCode;
  constructor(code: BlobErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.code = code;
    this.retry = TROUBLES.has(code) ? "retryable" : "terminal";
  }
}

export interface BlobStat {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

export interface BlobStore {
  /** `file:///abs/path` or `s3://bucket/prefix`, without a trailing slash; `uri(key)` = `${root}/${key}`. */
  readonly root: string;
  uri(key: string): string;
  /** The key of one of our URIs, or undefined when the URI lies outside this store. */
  keyOf(uri: string): string | undefined;
  /** Whole object; BlobTooLarge when it is larger than `maxBytes`. */
  read(key: string, maxBytes: number): Promise<Buffer>;
  readStream(key: string): AsyncIterable<Uint8Array>;
  stat(key: string): Promise<BlobStat | undefined>;
  /** Atomic: readers see the old object or the whole new one. */
  write(key: string, data: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** Atomic create-if-absent. False when the key exists already (nothing was written). */
  writeIfAbsent(key: string, data: string | Uint8Array): Promise<boolean>;
  /** Objects under `prefix/`, recursively, in key order (object stores: of UTF-8 bytes); no directories. */
  list(prefix: string): AsyncIterable<BlobStat>;
  delete(key: string): Promise<void>;
  /** Everything under `prefix/`. */
  deleteAll(prefix: string): Promise<void>;
}
