import { Failure } from "../base/index.ts";

export interface RemoteFile {
  readonly uri: string;
  /** Path below the directory that was asked for; "" for a file that was itself asked for. */
  readonly below: string;
  /** Changes when the content does, as far as the store can tell: etag or generation; of a local file size, time and inode. */
  readonly version: string;
}

export type RemoteDataErrorCode = "UriNotAllowed" | "DataNotFound" | "DataNotReadable" | "DataTooLarge" | "DataStoreUnavailable";

export class RemoteDataError extends Failure {
  override readonly retry: "retryable" | "terminal";
  readonly code: RemoteDataErrorCode;
  constructor(code: RemoteDataErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.code = code;
    this.retry = code === "DataStoreUnavailable" ? "retryable" : "terminal";
  }
}

/** Data of one kind of place. URIs were checked against the prefixes already; failures are RemoteDataError. */
export interface DataSource {
  /** One file; undefined for a directory, undefined or DataNotFound where there is nothing. */
  file(uri: string): Promise<RemoteFile | undefined>;
  /** All files below a directory, by path; a file itself with "" as its path. DataNotFound, or none at all, where there is nothing. */
  files(uri: string): AsyncIterable<RemoteFile>;
  readStream(uri: string): AsyncIterable<Uint8Array>;
}
