import type { Clock } from "../../base/index.ts";

/** A commit reaches the cluster object by object: a change counts once nothing has moved for this long. */
export const QUIET_MS = 500;

/** When each trigger's present digest was first seen. Losing it only delays a fire by the quiet time. */
export interface QuietTime {
  /** Milliseconds until the digest counts as settled; 0 when it does. */
  left(uid: string, digest: string): number;
}

export function quietTime(clock: Clock): QuietTime {
  const firstSeen = new Map<string, { readonly digest: string; readonly at: number }>();
  return {
    left(uid, digest) {
      const seen = firstSeen.get(uid);
      const now = clock.now();
      if (seen?.digest !== digest) firstSeen.set(uid, { digest, at: now });
      return seen?.digest === digest ? Math.max(0, seen.at + QUIET_MS - now) : QUIET_MS;
    },
  };
}
