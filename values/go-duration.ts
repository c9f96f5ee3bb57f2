import { create, type Duration, DurationSchema } from "../proto/index.ts";
import { fractionText } from "./datetime.ts";
import { problem, type ValueProblem } from "./problem.ts";

const SECOND = 1_000_000_000n;
const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};
const PART = /(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy;
/** The range of a protobuf Duration, about ±10,000 years. */
const MAX_NANOS = 315_576_000_000n * SECOND;

/** The nanoseconds of one `12.5ms`; undefined when they are not whole. */
function partNanos(whole: string, fraction: string, unit: string): bigint | undefined {
  const nanos = UNIT_NANOS[unit] ?? 0n;
  const scaled = BigInt(fraction === "" ? 0 : fraction) * nanos;
  const divisor = 10n ** BigInt(fraction.length);
  return scaled % divisor === 0n ? BigInt(whole === "" ? 0 : whole) * nanos + scaled / divisor : undefined;
}

function sumOf(text: string): bigint | "syntax" | "lossy" {
  let total = 0n;
  let at = 0;
  for (const match of text.matchAll(PART)) {
    const [part, whole = "", fraction = "", unit = ""] = match;
    if (whole === "" && fraction === "") return "syntax";
    if (whole.length + fraction.length > 40) return "syntax";
    const nanos = partNanos(whole, fraction, unit);
    if (nanos === undefined) return "lossy";
    total += nanos;
    at = match.index + part.length;
  }
  return at === text.length && at > 0 ? total : "syntax";
}

/** Reads Go's duration syntax: `1h2m3.5s`, `90s`, `-250ms`, `0`. */
export function parseGoDuration(text: string): Duration | ValueProblem[] {
  const negative = text.startsWith("-");
  const body = text.replace(/^[+-]/, "");
  const total = body === "0" ? 0n : sumOf(body);
  if (total === "syntax") return problem("InvalidValue", "not a duration: write it as in 1h30m, 90s or 250ms");
  if (total === "lossy") return problem("LossyCoercion", "a duration is a whole number of nanoseconds");
  if (total > MAX_NANOS) return problem("InvalidValue", "a duration is at most 315576000000s");
  return durationOf(negative ? -total : total);
}

function durationOf(nanos: bigint): Duration {
  return create(DurationSchema, { seconds: nanos / SECOND, nanos: Number(nanos % SECOND) });
}

/** As Go prints it: `1h2m3.5s`, `1.5ms`, `0s`, with a leading minus when negative. */
export function formatGoDuration(duration: Duration): string {
  const total = duration.seconds * SECOND + BigInt(duration.nanos);
  return total < 0n ? `-${positiveText(-total)}` : positiveText(total);
}

function positiveText(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < 1_000_000n) return `${scaledText(nanos, 1_000n)}\u00b5s`;
  if (nanos < SECOND) return `${scaledText(nanos, 1_000_000n)}ms`;
  const seconds = nanos / SECOND;
  const tail = `${seconds % 60n}${fractionText(Number(nanos % SECOND))}s`;
  const minutes = seconds / 60n;
  if (minutes === 0n) return tail;
  return minutes < 60n ? `${minutes}m${tail}` : `${minutes / 60n}h${minutes % 60n}m${tail}`;
}

function scaledText(nanos: bigint, unit: bigint): string {
  return `${nanos / unit}${fractionText(Number(nanos % unit) * Number(SECOND / unit))}`;
}
