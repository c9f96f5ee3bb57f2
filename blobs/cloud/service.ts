/** What an object store can do, below the port: whole names (root prefix included), one request or few per call. */
export interface ObjectService {
  /** `Amazon S3 bucket x at https://…`, for messages. */
  readonly place: string;
  /** Why the store cannot keep an object of this name, or undefined. */
  refusal(name: string): string | undefined;
  /** Bytes from `offset` on, of that very version when one is given. Rejects with BlobNotFound. */
  get(name: string, from?: { readonly offset: number; readonly version: string }): Promise<Reading>;
  head(name: string): Promise<Found | undefined>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** False when an object of this name exists already. True exactly once, also when the answer to the first try was lost. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  upload(name: string): Promise<Upload>;
  /** A page of the objects whose names start with `prefix`, in the order of their UTF-8 bytes. */
  list(prefix: string, token?: string): Promise<Page>;
  /** An absent object is no failure. */
  delete(name: string): Promise<void>;
}

export interface Found {
  /** Bytes. */
  readonly size: number;
  /** Etag or generation: another content has another one. */
  readonly version: string;
}

export interface Reading extends Found {
  /** From the offset on; ends early without a failure when the connection does: the reader counts. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Listed extends Found {
  readonly name: string;
}

export interface Page {
  readonly objects: readonly Listed[];
  /** Absent: this was the last page. */
  readonly next?: string;
}

/** An object that is written piece by piece; it appears whole, at `finish`. */
export interface Upload {
  /** Size of the piece of this number (0-based); only the last one may be smaller. */
  partBytes(number: number): number;
  /** How many pieces may be on their way at once. */
  readonly parallel: number;
  part(number: number, bytes: Uint8Array, last: boolean): Promise<void>;
  finish(): Promise<void>;
  /** Forgets what was sent. Never rejects: what it cannot remove, the store's lifecycle rules do. */
  abort(): Promise<void>;
}
