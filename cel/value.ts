/**
 * A value on its way into or out of an expression. Plain and structured-clonable, so that it crosses to the worker:
 * integers are bigint, floats are number; timestamps, durations and files are tagged because CEL knows them as types.
 */
export type CelValue =
  null | boolean | bigint | number | string | Uint8Array | CelTimestamp | CelDuration | CelFile | readonly CelValue[] | ReadonlyMap<string, CelValue>;

/** Seconds since the epoch and 0–999,999,999 nanoseconds. */
export interface CelTimestamp {
  readonly tag: "timestamp";
  readonly seconds: bigint;
  readonly nanos: number;
}

export interface CelDuration {
  readonly tag: "duration";
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A file, directory or dataset: its URI can be read, everything else only passed on. `ref` is the caller's, returned untouched. */
export interface CelFile {
  readonly tag: "file";
  readonly uri: string;
  readonly ref: string;
}
