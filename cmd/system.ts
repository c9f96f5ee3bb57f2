import { randomFillSync } from "node:crypto";
import type { Clock, LogFields, Logger, Random } from "../base/index.ts";
import type { Terminal } from "../cli/index.ts";

/** The real clock. Timers never keep the process alive by themselves: programs end when their roots end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    // setTimeout overflows at 2^31 ms (24.8 days) and would fire at once.
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), 2_147_483_000));
    return () => clearTimeout(timer);
  },
};

/** The system's chance, drawn in batches: a single word costs as much as a thousand. */
function batchedRandom(): Random {
  const words = new Uint32Array(1_024);
  let used = words.length;
  return {
    next() {
      if (used === words.length) {
        randomFillSync(words);
        used = 0;
      }
      return (words[used++] ?? 0) / 4294967296;
    },
  };
}

export const systemRandom: Random = batchedRandom();

const REDACTED = /([a-z][a-z0-9+.-]*:\/\/)[^/\s"\\]*@/gi;

/** Structured lines on a stream: one JSON object per line, credentials in URLs redacted. */
export function jsonLogger(write: (line: string) => void, level: "error" | "info" | "debug", bound: LogFields = {}): Logger {
  const rank = { error: 0, info: 1, debug: 2 };
  const line = (at: keyof typeof rank, message: string, fields: LogFields = {}) => {
    if (rank[at] > rank[level]) return;
    const entry = { time: new Date().toISOString(), level: at, msg: message, ...bound, ...fields };
    const text = JSON.stringify(entry, (_, value: unknown) =>
      value instanceof Error ? (value.stack ?? value.message) : typeof value === "bigint" ? String(value) : value,
    );
    write(`${text.replace(REDACTED, "$1***@")}\n`);
  };
  return {
    error: (message, fields) => line("error", message, fields),
    info: (message, fields) => line("info", message, fields),
    debug: (message, fields) => line("debug", message, fields),
    with: (fields) => jsonLogger(write, level, { ...bound, ...fields }),
  };
}

export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  // A terminal that calls itself dumb understands no control sequence.
  const dumb = process.env["TERM"] === "dumb";
  return {
    write: (text) => void stream.write(text),
    get isTty() {
      return stream.isTTY === true && !dumb;
    },
    get columns() {
      return stream.isTTY ? stream.columns : 0;
    },
    get rows() {
      return stream.isTTY ? stream.rows : 0;
    },
  };
}
