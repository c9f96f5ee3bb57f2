import type { Clock } from "../../base/index.ts";
import type { InformerSet, ShardLeases } from "../../kube/index.ts";
import type { Records } from "../../records/index.ts";
import { type Check, remembered } from "../telemetry/health.ts";

/** A watch is renewed every few minutes at the latest; one that neither hears nor tries for longer has lost its loop. */
const STUCK_MS = 600_000;
const DATABASE_EVERY_MS = 10_000;
const NOBODY = "00000000-0000-0000-0000-000000000000";

/** Whether the program is worth keeping. That it answers shows that its event loop turns; how much there is to do plays no part. */
export function livenessChecks(informers: InformerSet, clock: Clock, startedAt: number): Readonly<Record<string, Check>> {
  return {
    ping: () => undefined,
    watches() {
      const stuck = informers.all().filter(({ movedAt }) => clock.now() - (movedAt ?? startedAt) > STUCK_MS);
      return stuck.length === 0 ? undefined : `nothing heard or tried for ten minutes: ${stuck.map(({ spec }) => spec.kind.plural).join(", ")}`;
    },
  };
}

/** Whether the program can work, or stands by to. */
export function readinessChecks(parts: {
  readonly informers: InformerSet;
  readonly records: Records;
  readonly leases: ShardLeases | undefined;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
}): Readonly<Record<string, Check>> {
  const { informers, records, leases, clock, stopping } = parts;
  const reach = async (): Promise<undefined> => void (await records.run(NOBODY));
  return {
    running: () => (stopping.aborted ? "the program is ending" : undefined),
    caches() {
      const missing = informers.all().filter(({ synced }) => !synced);
      return missing.length === 0 ? undefined : `not filled yet: ${[...new Set(missing.map(({ spec }) => spec.kind.plural))].join(", ")}`;
    },
    database: remembered(reach, DATABASE_EVERY_MS, () => clock.now()),
    leases: () => leases?.trouble(),
  };
}
