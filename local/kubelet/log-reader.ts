import { open } from "node:fs/promises";
import type { Clock } from "../../base/index.ts";
import type { ContainerLog } from "./container-log.ts";

/** The query of `GET …/pods/NAME/log`. */
export interface PodLogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  readonly timestamps: boolean;
  /** Aborted when the reader has gone. */
  readonly signal: AbortSignal;
}

export interface LogFile {
  readonly path: string;
  /** The writer, while the container instance runs. */
  readonly live?: ContainerLog | undefined;
}

const NEWLINE = 10;
const CHUNK = 65_536;

/** One log record without its newline. */
interface LogLine {
  readonly time: string;
  /** False where the container wrote no newline here. */
  readonly whole: boolean;
  readonly text: Buffer;
}

/** Streams a container's log as `kubectl logs` shows it. The rotated part comes first. Ends with the log, or with the container when following. */
export async function* readLog(file: LogFile, options: PodLogOptions, clock: Clock): AsyncIterable<Uint8Array> {
  const since = sinceTime(options, clock);
  const budget = { left: options.limitBytes ?? Number.POSITIVE_INFINITY };
  let midLine = false;
  for await (const line of selected(file, options)) {
    if (since !== undefined && line.time < since) continue;
    const stamp = options.timestamps && !midLine ? Buffer.from(`${line.time} `) : Buffer.alloc(0);
    const bytes = Buffer.concat([stamp, line.text, Buffer.from(line.whole ? "\n" : "")]);
    midLine = !line.whole;
    if (bytes.length >= budget.left) {
      yield bytes.subarray(0, budget.left);
      return;
    }
    budget.left -= bytes.length;
    yield bytes;
  }
}

function sinceTime({ sinceSeconds, sinceTime }: PodLogOptions, clock: Clock): string | undefined {
  if (sinceSeconds !== undefined) return new Date(clock.now() - sinceSeconds * 1000).toISOString();
  return sinceTime === undefined ? undefined : new Date(Date.parse(sinceTime)).toISOString();
}

async function* selected(file: LogFile, options: PodLogOptions): AsyncIterable<LogLine> {
  const position = { offset: 0 };
  if (options.tailLines === undefined) yield* linesOf(`${file.path}.1`, { offset: 0 });
  else yield* await tail(file, options.tailLines, position);
  if (options.tailLines === undefined || options.follow) yield* options.follow ? followed(file, position, options.signal) : linesOf(file.path, position);
}

/** The last lines, held in memory; `position` is left at the end of what was read. */
async function tail(file: LogFile, count: number, position: { offset: number }): Promise<LogLine[]> {
  const kept: LogLine[] = [];
  let lines = 0;
  const keep = (line: LogLine) => {
    kept.push(line);
    lines += 1;
    if (lines > 2 * count + 16) lines -= kept.splice(0, kept.length - count).length;
  };
  for await (const line of linesOf(`${file.path}.1`, { offset: 0 })) keep(line);
  for await (const line of linesOf(file.path, position)) keep(line);
  return count === 0 ? [] : kept.slice(-count);
}

/** Reads on as the file grows. A rotation while reading shows as a shorter file: then it starts at the new file's begin. */
async function* followed({ path, live }: LogFile, position: { offset: number }, signal: AbortSignal): AsyncIterable<LogLine> {
  for (;;) {
    const ended = live === undefined || live.closed;
    const growth = live && !ended ? nextGrowth(live, signal) : undefined;
    yield* linesOf(path, position);
    if (ended || signal.aborted) return growth?.stop();
    await growth?.promise;
  }
}

function nextGrowth(live: ContainerLog, signal: AbortSignal): { promise: Promise<void>; stop: () => void } {
  let stop: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    const off = live.onGrowth(() => stop());
    stop = () => {
      off();
      signal.removeEventListener("abort", stop);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
  return { promise, stop: () => stop() };
}

/** Whole records from `position.offset` on; a file that is absent has none. */
async function* linesOf(path: string, position: { offset: number }): AsyncIterable<LogLine> {
  const handle = await open(path, "r").catch(() => undefined);
  if (!handle) return;
  try {
    if ((await handle.stat()).size < position.offset) position.offset = 0;
    let rest = Buffer.alloc(0);
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, position.offset + rest.length);
      if (bytesRead === 0) return;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let from = 0;
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, from)) {
        const line = parseRecord(rest.subarray(from, end));
        from = end + 1;
        position.offset += line.length;
        yield line.line;
      }
      rest = rest.subarray(from);
    }
  } finally {
    await handle.close();
  }
}

function parseRecord(bytes: Buffer): { line: LogLine; length: number } {
  const first = bytes.indexOf(32);
  const second = bytes.indexOf(32, first + 1);
  return {
    length: bytes.length + 1,
    line: { time: bytes.toString("latin1", 0, first), whole: bytes[second + 1] === 70, text: Buffer.from(bytes.subarray(second + 3)) },
  };
}

/** The end of a log for a termination message: at most 2048 bytes and 80 lines, as the kubelet takes it. */
export async function logTail(path: string): Promise<string> {
  const position = { offset: 0 };
  const lines = await tail({ path }, 80, position);
  const bytes = Buffer.concat(lines.map((line) => Buffer.concat([line.text, Buffer.from(line.whole ? "\n" : "")])));
  return bytes.subarray(Math.max(0, bytes.length - 2048)).toString("utf8");
}
