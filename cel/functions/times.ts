import type { Environment } from "@marcbachmann/cel-js";

const TIMESTAMP = "google.protobuf.Timestamp";

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function localTime(instant: Date, timeZone: string): LocalTime {
  const format = new Intl.DateTimeFormat("en-US-u-hc-h23", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    era: "short",
  });
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const year = part["era"] === "BC" ? 1 - Number(part["year"]) : Number(part["year"]);
  return {
    year,
    month: Number(part["month"]),
    day: Number(part["day"]),
    hour: Number(part["hour"]),
    minute: Number(part["minute"]),
    second: Number(part["second"]),
  };
}

/** Milliseconds that the zone is ahead of UTC at this instant. */
function offset(instant: Date, timeZone: string): number {
  const local = localTime(instant, timeZone);
  const asUtc = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second);
  return asUtc - Math.floor(instant.getTime() / 1_000) * 1_000;
}

const DAY_MS = 86_400_000;

/** The first instant of the local day: where midnight does not exist, the instant after the gap. */
function startOfDay(instant: Date, timeZone: string): Date {
  const local = localTime(instant, timeZone);
  const midnight = Date.UTC(local.year, local.month - 1, local.day);
  const candidates = [midnight - DAY_MS / 2, midnight + DAY_MS / 2].map((near) => midnight - offset(new Date(near), timeZone));
  const sameDay = candidates.filter((at) => localTime(new Date(at), timeZone).day === local.day);
  return new Date(Math.min(...(sameDay.length > 0 ? sameDay : candidates)));
}

const pad = (value: number, width: number): string => String(Math.abs(value)).padStart(width, "0");

function zone(instant: Date, timeZone: string): string {
  const minutes = Math.round(offset(instant, timeZone) / 60_000);
  if (minutes === 0) return "Z";
  return `${minutes < 0 ? "-" : "+"}${pad(Math.trunc(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}

/** Pattern letters: yyyy yy MM M dd d HH H mm m ss s SSS XXX; text in single quotes is literal. */
function format(instant: Date, pattern: string, timeZone: string): string {
  const local = localTime(instant, timeZone);
  const fields: Readonly<Record<string, string>> = {
    yyyy: pad(local.year, 4), yy: pad(local.year % 100, 2), MM: pad(local.month, 2), M: String(local.month), dd: pad(local.day, 2), d: String(local.day),
    HH: pad(local.hour, 2), H: String(local.hour), mm: pad(local.minute, 2), m: String(local.minute), ss: pad(local.second, 2), s: String(local.second),
    SSS: pad(instant.getUTCMilliseconds(), 3), XXX: zone(instant, timeZone),
  }; // prettier-ignore
  return pattern.replace(/'((?:[^']|'')*)'|([A-Za-z])\2*/g, (token: string, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === "" ? "'" : quoted.replaceAll("''", "'");
    const field = fields[token];
    if (field === undefined) throw new Error(`unknown pattern letters '${token}' in format('${pattern}')`);
    return field;
  });
}

/** RFC 3339 in UTC, with as many fraction digits as there are. */
function text(instant: Date): string {
  return instant
    .toISOString()
    .replace(/\.?0+Z$/, "Z")
    .replace(/T(\d\d:\d\d)Z$/, "T$1:00Z");
}

/** Times: string(t), t.format(pattern, zone), t.startOfDay(zone); without a zone, UTC. */
export function registerTimes(environment: Environment): void {
  environment
    .registerFunction(`string(${TIMESTAMP}): string`, text)
    .registerFunction("string(google.protobuf.Duration): string", (duration: { toString(): string }) => duration.toString())
    .registerFunction(`${TIMESTAMP}.format(string): string`, (instant: Date, pattern: string) => format(instant, pattern, "UTC"))
    .registerFunction(`${TIMESTAMP}.format(string, string): string`, format)
    .registerFunction(`${TIMESTAMP}.startOfDay(): ${TIMESTAMP}`, (instant: Date) => startOfDay(instant, "UTC"))
    .registerFunction(`${TIMESTAMP}.startOfDay(string): ${TIMESTAMP}`, startOfDay);
}
