/**
 * The words every room uses for "what happened". Normal waiting is returned; failures are thrown and classified where
 * they are thrown, never by matching message text upstream.
 */
export type Step<T> =
  { readonly kind: "ready"; readonly value: T } | { readonly kind: "waiting"; readonly reason: string; readonly on: string; readonly recheckAfter?: number };

/** What one reconcile ends with. `recheckAfter` is in milliseconds. */
export type Outcome =
  | { readonly kind: "settled"; readonly recheckAfter?: number }
  | { readonly kind: "waiting"; readonly reason: string; readonly on: string; readonly recheckAfter?: number };

export function settled(recheckAfter?: number): Outcome {
  return recheckAfter === undefined ? { kind: "settled" } : { kind: "settled", recheckAfter };
}

export function waiting(reason: string, on: string, recheckAfter?: number): Extract<Outcome, { kind: "waiting" }> {
  return recheckAfter === undefined ? { kind: "waiting", reason, on } : { kind: "waiting", reason, on, recheckAfter };
}

/** An expected failure. `reason` is CamelCase and becomes a condition or event reason. */
export abstract class Failure extends Error {
  abstract readonly retry: "retryable" | "terminal";
  readonly reason: string;
  constructor(reason: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** May pass by itself: the network, a conflict of load, a store that is away. */
export class RetryableFailure extends Failure {
  override readonly retry = "retryable";
}

/** A human must change something first. */
export class TerminalFailure extends Failure {
  override readonly retry = "terminal";
}

/** Throws a plain Error (a bug, never a user's fault) when the impossible happened. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
