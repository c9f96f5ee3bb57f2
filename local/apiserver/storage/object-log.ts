/** One stored object after a write, or its end. The newest row of a key is all that is kept: there is no history. */
export interface LogRow {
  /** `<group>/<plural>/<namespace>/<name>`; the namespace is empty for cluster-scoped kinds. */
  readonly key: string;
  /** `<group>/<kind>`, for people who look into the table. */
  readonly kind: string;
  readonly resourceVersion: number;
  /** JSON in UTF-8, or undefined for a deletion. */
  readonly value: Uint8Array | undefined;
}

export interface LogSnapshot {
  /** The highest resourceVersion ever appended, deletions included. 0 when nothing was. */
  readonly resourceVersion: number;
  readonly rows: readonly (LogRow & { readonly value: Uint8Array })[];
}

/**
 * The durable memory of the API server. There is one writer: `append` is never called again before the previous call has settled.
 */
export interface ObjectLog {
  /** Everything that was appended and not deleted since. Called once, before the first append. */
  load(): Promise<LogSnapshot>;
  /**
   * Stores all rows or none, in ascending resourceVersion order; resolves only when they survive the death of every process.
   * Rejects only when none was stored: a doubtful outcome is looked up by the implementation before it answers.
   */
  append(batch: readonly LogRow[]): Promise<void>;
  close(): Promise<void>;
}
