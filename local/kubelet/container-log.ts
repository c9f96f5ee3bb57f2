/**
 * The log of one container instance in the format of the container runtime interface: `<time> <stream> <F|P> <text>`,
 * one record a line, so that time and stream survive. Bounded: beyond `maxBytes` the file is renamed to `.1` (one such
 * is kept) and a new one begun.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import type { Clock } from "../../base/index.ts";

const NEWLINE = 10;
/** A longer line is written in parts marked P, as container runtimes do. */
const LINE_MAX = 16_384;

export interface ContainerLog {
  readonly path: string;
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
  /** Writes out unfinished lines and closes the file. Writing later is ignored. */
  close(): void;
  readonly closed: boolean;
  /** Called after each write and at the close. Returns the way to stop. */
  onGrowth(listener: () => void): () => void;
}

export interface ContainerLogOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly maxBytes: number;
}

export function containerLog({ path, clock, maxBytes }: ContainerLogOptions): ContainerLog {
  let file = openSync(path, "a");
  let size = fstatSync(file).size;
  let closed = false;
  const listeners = new Set<() => void>();
  const unfinished: Record<"stdout" | "stderr", Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  function write(records: readonly Buffer[]): void {
    if (records.length === 0) return;
    const bytes = Buffer.concat(records);
    writeSync(file, bytes);
    size += bytes.length;
    if (size > maxBytes) rotate();
    for (const listener of listeners) listener();
  }

  function rotate(): void {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, "a");
    size = 0;
  }

  function take(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    if (closed) return;
    const head = `${nanoTime(clock.now())} ${stream} `;
    const { records, rest } = splitRecords(Buffer.concat([unfinished[stream], chunk]), head);
    unfinished[stream] = rest;
    write(records);
  }

  return {
    path,
    stdout: (chunk) => take("stdout", chunk),
    stderr: (chunk) => take("stderr", chunk),
    close() {
      if (closed) return;
      for (const stream of ["stdout", "stderr"] as const) {
        const rest = unfinished[stream];
        if (rest.length > 0) write([record(`${nanoTime(clock.now())} ${stream} P `, rest)]);
      }
      closed = true;
      closeSync(file);
      for (const listener of listeners) listener();
    },
    get closed() {
      return closed;
    },
    onGrowth(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const record = (head: string, text: Uint8Array): Buffer => Buffer.concat([Buffer.from(head), text, Buffer.from("\n")]);

function splitRecords(bytes: Buffer, head: string): { records: Buffer[]; rest: Buffer } {
  const records: Buffer[] = [];
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(NEWLINE, from);
    const length = (end < 0 ? bytes.length : end) - from;
    if (length > LINE_MAX) {
      records.push(record(`${head}P `, bytes.subarray(from, from + LINE_MAX)));
      from += LINE_MAX;
    } else if (end < 0) {
      break;
    } else {
      records.push(record(`${head}F `, bytes.subarray(from, end)));
      from = end + 1;
    }
  }
  return { records, rest: Buffer.from(bytes.subarray(from)) };
}

function nanoTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000000Z");
}
