import { Optional } from "@marcbachmann/cel-js";
import { Duration } from "@marcbachmann/cel-js/evaluator";

/** An optional of a value made by `ruleValue`, for a rule's variables; undefined gives the absent one. */
export function optionalValue(value: unknown): unknown {
  return value === undefined ? Optional.none() : Optional.of(value);
}

const UNIT_NANOS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9 };

/** A Go duration (`1h2m3.5s`) as a rule's variable; undefined when the text is none. */
export function durationValue(text: string): unknown {
  if (!/^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return undefined;
  let nanos = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]*\.?[0-9]+|[0-9]+\.?)(ns|us|µs|μs|ms|s|m|h)/g)) nanos += Number(count) * (UNIT_NANOS[unit ?? ""] ?? 0);
  const signed = text.startsWith("-") ? -nanos : nanos;
  const seconds = Math.trunc(signed / 1e9);
  return new Duration(BigInt(seconds), Math.round(signed - seconds * 1e9));
}
