import { parseDuration } from "../../base/index.ts";

/** Milliseconds of a duration that the schema has checked. */
export function durationOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

/** RFC 3339 with milliseconds: short runs have short durations. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
