import type { Stored } from "../object.ts";
import { holderOf, type Lease, shardsOf } from "./lease-record.ts";
import { shareOf } from "./shares.ts";

/** Watches Leases change, by our own clock: the times that others write into them are not believed. */
export interface LeaseObserver {
  /** How long a Lease has been seen unchanged, milliseconds. */
  unchangedFor(lease: Stored<Lease>): number;
  /** Whether its holder may still be working, as far as anybody can know. */
  lives(lease: Stored<Lease>): boolean;
}

export function leaseObserver(monotonic: () => number): LeaseObserver {
  const seen = new Map<string, { readonly version: string; readonly since: number }>();
  function unchangedFor({ metadata: { name, uid, resourceVersion } }: Stored<Lease>): number {
    const now = monotonic();
    const version = `${uid}/${resourceVersion}`;
    const before = seen.get(name);
    if (before?.version === version) return now - before.since;
    seen.set(name, { version, since: now });
    return 0;
  }
  return {
    unchangedFor,
    lives(lease) {
      const unchanged = unchangedFor(lease);
      return holderOf(lease) !== "" && unchanged < (lease.spec?.leaseDurationSeconds ?? 0) * 1_000;
    },
  };
}

/** What one list of the Leases says to one replica. */
export interface LeaseView {
  /** Shards this replica should hold. */
  readonly share: number;
  /** Shards that nobody holds, or that were ours before. */
  readonly free: readonly number[];
  /** Leases of shards, written for another number of shards. While there are any, nothing may be taken. */
  readonly otherLayout: readonly Stored<Lease>[];
  /** Whether somebody still works under that other number. */
  readonly otherAtWork: boolean;
  /** Leases of replicas that are gone. */
  readonly gone: readonly Stored<Lease>[];
}

export interface Viewer {
  readonly set: string;
  readonly shards: number;
  readonly identity: string;
  /** Shards that it holds now, those it is about to give back included. */
  readonly holds: ReadonlySet<number>;
}

function split(leases: readonly Stored<Lease>[], set: string) {
  const members = leases.filter(({ metadata }) => metadata.name.startsWith(`${set}-member-`));
  return { members, shardLeases: leases.filter((lease) => !members.includes(lease)) };
}

export function leaseView(leases: readonly Stored<Lease>[], viewer: Viewer, observer: LeaseObserver): LeaseView {
  const { set, shards, identity, holds } = viewer;
  const { members, shardLeases } = split(leases, set);
  const living = members.filter((lease) => observer.lives(lease));
  const held = new Map<string, number>([[identity, holds.size]]);
  for (const lease of living) if (holderOf(lease) !== identity && shardsOf(lease) === shards) held.set(holderOf(lease), 0);
  const atWork = new Set(shardLeases.filter((lease) => observer.lives(lease)));
  for (const lease of atWork) {
    const holder = holderOf(lease);
    if (holder !== identity && held.has(holder)) held.set(holder, (held.get(holder) ?? 0) + 1);
  }
  const byName = new Map(shardLeases.map((lease) => [lease.metadata.name, lease]));
  const isFree = (shard: number): boolean => {
    const lease = byName.get(`${set}-${shard}`);
    return !holds.has(shard) && (!lease || !atWork.has(lease) || holderOf(lease) === identity);
  };
  const otherLayout = shardLeases.filter((lease) => shardsOf(lease) !== shards);
  return {
    share: shareOf({ shards, members: held }, identity),
    free: Array.from({ length: shards }, (_, shard) => shard).filter(isFree),
    otherLayout,
    otherAtWork: otherLayout.some((lease) => atWork.has(lease)),
    gone: members.filter((lease) => !living.includes(lease) && holderOf(lease) !== identity),
  };
}
