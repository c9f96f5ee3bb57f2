import type { LogFields, Logger } from "../../base/index.ts";

export interface LogSettings {
  readonly level: "error" | "info" | "debug";
  readonly format: "json" | "text";
}

const RANK = { error: 0, info: 1, debug: 2 } as const;
const REDACTED = /([a-z][a-z0-9+.-]*:\/\/)[^/\s"\\]*@/gi;

const plain = (_: string, value: unknown): unknown =>
  value instanceof Error ? (value.stack ?? value.message) : typeof value === "bigint" ? String(value) : value;

/** A field for people: bare where nothing is unclear, else as JSON. */
function fieldText(value: unknown): string {
  return typeof value === "string" && /^[\w./:@+-]+$/.test(value) ? value : (JSON.stringify(value, plain) ?? "undefined");
}

function textLine(time: string, level: string, message: string, fields: LogFields): string {
  const rest = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [`${time} ${level.toUpperCase().padEnd(5)} ${message}`, ...rest.map(([name, value]) => `${name}=${fieldText(value)}`)].join(" ");
}

/** Structured lines, credentials in URLs redacted. `settings` is asked for every line: level and form may change while the program runs. */
export function liveLogger(write: (line: string) => void, now: () => number, settings: () => LogSettings, bound: LogFields = {}): Logger {
  const line = (level: keyof typeof RANK, message: string, fields: LogFields = {}) => {
    const { level: least, format } = settings();
    if (RANK[level] > RANK[least]) return;
    const time = new Date(now()).toISOString();
    const all = { ...bound, ...fields };
    const text = format === "json" ? JSON.stringify({ time, level, msg: message, ...all }, plain) : textLine(time, level, message, all);
    write(`${text.replace(REDACTED, "$1***@")}\n`);
  };
  return {
    error: (message, fields) => line("error", message, fields),
    info: (message, fields) => line("info", message, fields),
    debug: (message, fields) => line("debug", message, fields),
    with: (fields) => liveLogger(write, now, settings, { ...bound, ...fields }),
  };
}
