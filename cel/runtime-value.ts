import { Optional } from "@marcbachmann/cel-js";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import { File } from "./environment.ts";
import type { CelType } from "./cel-type.ts";
import type { CelValue } from "./value.ts";

/** A Date that also knows the nanoseconds a Date cannot hold (0–999,999). */
export type NanoDate = Date & { nanos?: number };

/** A value as the library wants it. */
export function toRuntime(value: CelValue, type?: CelType): unknown {
  if (type?.kind === "optional") return value === null ? Optional.none() : Optional.of(toRuntime(value, type.of));
  if (Array.isArray(value)) return value.map((item: CelValue) => toRuntime(item));
  if (value instanceof Map) return new Map([...(value as ReadonlyMap<string, CelValue>)].map(([key, item]) => [key, toRuntime(item)]));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const tagged = value as Extract<CelValue, { tag: string }>;
  if (tagged.tag === "file") return new File(tagged.uri, tagged.ref);
  if (tagged.tag === "duration") return new Duration(tagged.seconds, tagged.nanos);
  const date: NanoDate = new Date(Number(tagged.seconds) * 1_000 + Math.floor(tagged.nanos / 1_000_000));
  date.nanos = tagged.nanos % 1_000_000;
  return date;
}

/** The result is larger than an expression may make. */
export class ResultTooLarge extends Error {}

/** Elements and characters a result may have, together. */
const RESULT_BUDGET = 4_000_000;

/** A library value as ours. Throws ResultTooLarge, or Error for what is no value of ours (a type, an unsigned integer beyond int64). */
export function fromRuntime(value: unknown, budget: { left: number } = { left: RESULT_BUDGET }): CelValue {
  budget.left -= typeof value === "string" ? value.length + 1 : 1;
  if (budget.left < 0) throw new ResultTooLarge(`the result has more than ${RESULT_BUDGET} elements and characters`);
  if (value === null || ["boolean", "bigint", "number", "string"].includes(typeof value)) return value as CelValue;
  if (value instanceof Uint8Array) return value;
  if (value instanceof Optional) return value.hasValue() ? fromRuntime(value.value(), budget) : null;
  if (value instanceof Date) return timestampOf(value);
  if (value instanceof Duration) return { tag: "duration", seconds: value.seconds, nanos: value.nanos };
  if (value instanceof File) return { tag: "file", uri: value.uri, ref: value.ref };
  if (Array.isArray(value) || value instanceof Set) return [...(value as Iterable<unknown>)].map((item) => fromRuntime(item, budget));
  if (value instanceof Map || Object.getPrototypeOf(value) === Object.prototype) return mapOf(value as object, budget);
  throw new Error("the result is not a value: numbers, text, times, files, lists and maps are");
}

function timestampOf(date: NanoDate): CelValue {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1_000);
  return { tag: "timestamp", seconds: BigInt(seconds), nanos: (ms - seconds * 1_000) * 1_000_000 + (date.nanos ?? 0) };
}

function mapOf(value: object, budget: { left: number }): ReadonlyMap<string, CelValue> {
  const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  return new Map(
    entries.map(([key, item]) => {
      budget.left -= String(key).length;
      return [String(key), fromRuntime(item, budget)];
    }),
  );
}
