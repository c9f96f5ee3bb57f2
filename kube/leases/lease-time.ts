/** How Leases are kept. Milliseconds. */
export interface LeaseTiming {
  /** How long others wait, from when they last saw a Lease change, before they take it. */
  readonly leaseDurationMs: number;
  /** A holder that could not renew for this long, measured by itself, writes no more. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** Two readings of one instant: a clock that only runs forward, and the wall clock, which goes on while a machine sleeps. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export interface LeaseClock {
  /** Milliseconds of a clock that nobody sets. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  now(): number;
}

export function instant(clock: LeaseClock): Instant {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

/**
 * How long ago it was at most: for what we hold ourselves. Whichever clock says more is believed, because a machine that slept must
 * not write; a wall clock that was set forward costs a Lease and nothing else.
 */
export function longestSince(clock: LeaseClock, since: Instant): number {
  return Math.max(clock.monotonic() - since.monotonic, clock.now() - since.wall);
}
