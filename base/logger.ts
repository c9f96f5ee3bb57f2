/** Structured fields of a log line. Never put a secret here. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Constant message plus fields. `error` wants a human, `info` says what changed, `debug` says what was looked at. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

/** Drops everything. */
export const silentLogger: Logger = {
  error() {},
  info() {},
  debug() {},
  with: () => silentLogger,
};
