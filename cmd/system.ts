import { randomFillSync } from "node:crypto";
import type { Clock, Logger, Random } from "../base/index.ts";
import type { Terminal } from "../cli/index.ts";
import { liveLogger, type LogSettings } from "./telemetry/logger.ts";

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

/** Structured lines on a stream: one JSON object per line, credentials in URLs redacted. */
export function jsonLogger(write: (line: string) => void, level: LogSettings["level"]): Logger {
  return liveLogger(
    write,
    () => Date.now(),
    () => ({ level, format: "json" }),
  );
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
