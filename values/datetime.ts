import { create, type Timestamp, TimestampSchema } from "../proto/index.ts";
import { problem, type ValueProblem } from "./problem.ts";

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})?)?$/;
/** 0001-01-01 and 9999-12-31T23:59:59, the range of a protobuf Timestamp. */
const MIN_SECONDS = -62135596800;
const MAX_SECONDS = 253402300799;

/** Up to nine digits of a fraction as nanoseconds; undefined when it needs more. */
export function nanosOf(fraction: string): number | undefined {
  const digits = fraction.replace(/0+$/, "");
  return digits.length > 9 ? undefined : Number(digits.padEnd(9, "0"));
}

/** The shortest fraction with its dot, or nothing. */
export function fractionText(nanos: number): string {
  return nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
}

function secondsOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour <= 23 && minute <= 59 && second <= 59;
  return real ? date.getTime() / 1000 + hour * 3600 + minute * 60 + second : undefined;
}

function offsetSeconds(offset: string): number | undefined {
  if (/^[Zz]$/.test(offset)) return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** Reads RFC 3339 with any offset, or a bare date (midnight UTC). A time without an offset is refused: it names no instant. */
export function parseDatetime(text: string): Timestamp | ValueProblem[] {
  const match = RFC3339.exec(text);
  if (!match) return problem("InvalidValue", `not a datetime: write RFC 3339, as in 2026-01-31T08:00:00Z`);
  const [, year, month, day, hour, minute, second, fraction = "", offset] = match;
  if (hour !== undefined && offset === undefined) return problem("InvalidValue", `a datetime needs an offset: write ${text}Z for UTC`);
  const nanos = nanosOf(fraction);
  if (nanos === undefined) return problem("LossyCoercion", "a datetime has at most 9 digits of a second");
  const local = secondsOf(Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  const shift = offsetSeconds(offset ?? "Z");
  if (local === undefined || shift === undefined) return problem("InvalidValue", `no such day or time: ${text}`);
  const seconds = local - shift;
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return problem("InvalidValue", "a datetime lies between the years 0001 and 9999");
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos });
}

/** RFC 3339 in UTC with `Z` and as many digits of a second as needed. */
export function formatDatetime(timestamp: Timestamp): string {
  const whole = new Date(Number(timestamp.seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}${fractionText(timestamp.nanos)}Z`;
}
