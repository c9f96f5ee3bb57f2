import { placeOf } from "../base/index.ts";
import { type ActionIdentifier, ActionIdentifierSchema, type RunIdentifier, RunIdentifierSchema } from "../proto/services/index.ts";
import { create, type Timestamp, TimestampSchema } from "../proto/index.ts";

/** The action that stands for the whole run. */
export const ROOT_ACTION = "a0";

/** There are no organisations: whatever a client sends is accepted, and "" comes back. */
export function runId(namespace: string, name: string): RunIdentifier {
  return create(RunIdentifierSchema, { ...placeOf(namespace), name });
}

export function actionId(namespace: string, run: string, name: string): ActionIdentifier {
  return create(ActionIdentifierSchema, { run: runId(namespace, run), name });
}

/** RFC 3339 as a message; undefined for what is absent or no time. */
export function timestamp(text: string | undefined): Timestamp | undefined {
  const ms = text === undefined ? NaN : Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  return create(TimestampSchema, { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (((ms % 1_000) + 1_000) % 1_000) * 1_000_000 });
}

/** Milliseconds between two instants, never negative. */
export function durationMs(from: string | undefined, to: string | undefined): bigint | undefined {
  const [start, end] = [Date.parse(from ?? ""), Date.parse(to ?? "")];
  return Number.isNaN(start) || Number.isNaN(end) ? undefined : BigInt(Math.max(0, Math.round(end - start)));
}
