import { type Clock, type Logger, messageOf, type Random, RetryableFailure, shortHash, sleep } from "../../base/index.ts";
import { ApiError, type Transport } from "../client.ts";
import type { Stored } from "../object.ts";
import { type LeaseApi, leaseApi } from "./lease-api.ts";
import { acquiredSpec, holderOf, type Lease, releasedSpec, renewedSpec, shardsOf } from "./lease-record.ts";
import { type Instant, instant, type LeaseTiming, longestSince } from "./lease-time.ts";
import { type LeaseObserver, leaseObserver, type LeaseView, leaseView } from "./lease-view.ts";
import { shardOf } from "./shares.ts";

export interface ShardLeasesDeps {
  /** Straight to the API: these requests wait behind no others and pass no fence. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** Milliseconds of a clock that nobody sets and that runs while the program is stopped. */
  readonly monotonic: () => number;
  readonly random: Random;
  readonly logger: Logger;
}

export interface ShardLeasesOptions {
  /** The Leases are `<name>-0` to `<name>-<shards - 1>`, and one per replica that says that it lives. */
  readonly name: string;
  readonly namespace: string;
  /** Of this replica, new at every start: a program that was killed waits for its own old Lease like everybody. */
  readonly identity: string;
  readonly shards: number;
  readonly timing: LeaseTiming;
}

/** Which keys this program works on. What the controllers see of the Leases. */
export interface ShardGate {
  /** Begins a pass over something of this text; undefined when it is not ours now: `onGain` tells when it is. Call the result once, when the pass has ended. */
  enter(text: string): (() => void) | undefined;
  /** Called when work on more begins or goes on, with what says whether a text is among it. Returns the way to stop. */
  onGain(listener: (isOurs: (text: string) => boolean) => void): () => void;
}

/** Whether this program may write, and for how long. */
export interface WriteFence {
  /** A write that begins now must have ended after this, milliseconds. Throws ApiError `NotHolding` when there must be none. */
  budgetMs(): number;
}

export interface ShardLeases {
  readonly gate: ShardGate;
  readonly fence: WriteFence;
  /** Shards that are worked on now. */
  readonly held: readonly number[];
  /** Why the machinery does not run as it should; undefined when it does. Holding nothing is no reason. */
  trouble(): string | undefined;
  /**
   * Keeps a fair share of the shards until the signal aborts, then gives back each whose passes have ended. Rejects with
   * RetryableFailure `LeaseLost` when a shard was lost: nothing is written from then on, and the program must end.
   */
  run(signal: AbortSignal): Promise<void>;
}

/** A shard of ours. */
interface Held {
  lease: Stored<Lease>;
  /** When the last renewal that arrived was sent. */
  renewedAt: Instant;
  /** No new passes: it goes back when those in hand have ended. */
  draining: boolean;
  passes: number;
  /** A pass was refused because the renewal was late: should that arrive after all, whoever was refused has to ask again. */
  turnedAway: boolean;
}

/** Subtracted from the time in which nobody else may begin; the rest is shared by the request's way and the server's work on it. */
const MARGIN_MS = 500;
/** The Lease of a replica that is gone is left this many durations for people to look at. */
const MEMBER_KEPT = 20;

class Leases implements ShardLeases {
  readonly #deps: ShardLeasesDeps;
  readonly #options: ShardLeasesOptions;
  readonly #api: LeaseApi;
  readonly #observer: LeaseObserver;
  readonly #held = new Map<number, Held>();
  readonly #listeners = new Set<(isOurs: (text: string) => boolean) => void>();
  #member: Stored<Lease> | undefined;
  #lost: string | undefined;
  #lastView: number | undefined;
  #saidOther = false;

  constructor(deps: ShardLeasesDeps, options: ShardLeasesOptions) {
    this.#deps = deps;
    this.#options = options;
    const { name: set, namespace, shards, timing } = options;
    // Three tries fit into the deadline.
    this.#api = leaseApi(deps.transport, deps.clock, { set, namespace, shards }, timing.renewDeadlineMs / 3);
    this.#observer = leaseObserver(deps.monotonic);
  }

  readonly gate: ShardGate = {
    enter: (text) => {
      const held = this.#held.get(shardOf(text, this.#options.shards));
      if (!held || held.draining || this.#lost !== undefined) return undefined;
      if (!this.#mayWrite(held)) {
        held.turnedAway = true;
        return undefined;
      }
      held.passes += 1;
      return () => void (held.passes -= 1);
    },
    onGain: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  readonly fence: WriteFence = {
    budgetMs: () => {
      if (this.#lost !== undefined || this.#held.size === 0)
        throw new ApiError(0, "NotHolding", `this replica may not write: ${this.#lost ?? "it holds no lease"}`);
      const ages = [...this.#held.values()].map(({ renewedAt }) => longestSince(this.#time, renewedAt));
      const { leaseDurationMs, renewDeadlineMs } = this.#options.timing;
      const oldest = Math.max(...ages);
      if (oldest >= renewDeadlineMs) throw new ApiError(0, "NotHolding", "this replica may not write: its lease was not renewed in time");
      return (leaseDurationMs - oldest - MARGIN_MS) / 2;
    },
  };

  get held(): readonly number[] {
    return [...this.#held].flatMap(([shard, { draining }]) => (draining ? [] : [shard])).sort((left, right) => left - right);
  }

  trouble(): string | undefined {
    if (this.#lost !== undefined) return this.#lost;
    if (this.#lastView === undefined) return "the leases were not read yet";
    const age = this.#deps.monotonic() - this.#lastView;
    return age > this.#options.timing.leaseDurationMs ? `the leases could not be read for ${Math.round(age / 1_000)} s` : undefined;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    while (!signal.aborted) {
      await this.#tick();
      if (this.#lost !== undefined) throw new RetryableFailure("LeaseLost", this.#lost);
      await sleep(clock, this.#options.timing.retryPeriodMs * (0.9 + random.next() / 5), signal);
    }
    await this.#giveBack();
  }

  get #time() {
    const { monotonic, clock } = this.#deps;
    return { monotonic, now: () => clock.now() };
  }

  #mayWrite({ renewedAt }: Held): boolean {
    return longestSince(this.#time, renewedAt) < this.#options.timing.renewDeadlineMs;
  }

  #nameOf(shard: number): string {
    return `${this.#options.name}-${shard}`;
  }

  #lose(shard: number, why: string): void {
    if (this.#lost === undefined) this.#deps.logger.error("lease lost", { shard, why });
    this.#lost ??= `the lease of shard ${shard} was lost: ${why}`;
  }

  /** Renews what we hold and looks at the rest, side by side; then takes, or hands over. */
  async #tick(): Promise<void> {
    const view = this.#api.list().catch((thrown: unknown) => {
      this.#deps.logger.info("leases not read", { error: messageOf(thrown) });
      return undefined;
    });
    await Promise.all([...[...this.#held].map(([shard, held]) => this.#renew(shard, held)), this.#renewMember(), view]);
    for (const [shard, held] of this.#held) if (!this.#mayWrite(held)) this.#lose(shard, "it could not be renewed in time");
    if (this.#lost !== undefined) return;
    const drained = [...this.#held].filter(([, { draining, passes }]) => draining && passes === 0);
    await Promise.all(drained.map(([shard, held]) => this.#release(shard, held)));
    const leases = await view;
    if (leases) await this.#balance(leases);
  }

  async #renew(shard: number, held: Held): Promise<void> {
    const at = instant(this.#time);
    try {
      const written = await this.#api.write(this.#nameOf(shard), held.lease, renewedSpec(held.lease.spec, this.#deps.clock.now()));
      if (written) return this.#renewed(shard, held, written, at);
      // Somebody wrote it: we, with an answer that was lost on its way, a person, or another replica.
      const found = await this.#api.get(this.#nameOf(shard));
      if (!found) this.#lose(shard, "it was deleted");
      else if (holderOf(found) !== this.#options.identity) this.#lose(shard, `${holderOf(found) || "nobody"} holds it`);
      else held.lease = found;
    } catch (thrown) {
      this.#deps.logger.info("lease not renewed", { shard, error: messageOf(thrown) });
    }
  }

  #renewed(shard: number, held: Held, lease: Stored<Lease>, renewedAt: Instant): void {
    Object.assign(held, { lease, renewedAt });
    if (!held.turnedAway || !this.#mayWrite(held)) return;
    held.turnedAway = false;
    this.#gained(shard);
  }

  /** Says that this replica lives: shares are reckoned from that. Of no consequence for who may write. */
  async #renewMember(): Promise<void> {
    const { identity, name, timing } = this.#options;
    const lease = `${name}-member-${shortHash(identity, 10)}`;
    const now = this.#deps.clock.now();
    const spec = this.#member ? renewedSpec(this.#member.spec, now) : acquiredSpec(undefined, identity, timing.leaseDurationMs, now);
    try {
      this.#member = (await this.#api.write(lease, this.#member, spec)) ?? (await this.#api.get(lease));
    } catch (thrown) {
      this.#deps.logger.debug("membership not renewed", { error: messageOf(thrown) });
    }
  }

  async #balance(leases: readonly Stored<Lease>[]): Promise<void> {
    this.#lastView = this.#deps.monotonic();
    const { identity, shards, name: set, timing } = this.#options;
    const view = leaseView(leases, { set, shards, identity, holds: new Set(this.#held.keys()) }, this.#observer);
    for (const lease of view.gone)
      if (this.#observer.unchangedFor(lease) > MEMBER_KEPT * timing.leaseDurationMs)
        this.#api.remove(lease).catch((thrown: unknown) => this.#deps.logger.debug("old member not removed", { error: messageOf(thrown) }));
    if (view.otherLayout.length > 0)
      return this.#changeLayout(view, leases).catch((thrown: unknown) => this.#deps.logger.info("number of shards not changed", { error: messageOf(thrown) }));
    this.#takeUp(view.share);
    const byName = new Map(leases.map((lease) => [lease.metadata.name, lease]));
    const wanted = view.free.slice(0, Math.max(0, view.share - this.#held.size));
    // The first Lease says how many shards there are: nobody takes another before it is there.
    const takes = byName.has(this.#nameOf(0)) ? wanted : wanted.filter((shard) => shard === 0);
    await Promise.all(takes.map((shard) => this.#acquire(shard, byName.get(this.#nameOf(shard)))));
    this.#handOver(view.share);
  }

  /**
   * Leases that were written for another number of shards are rewritten once nobody works under it, every one that may exist: whoever
   * would take one because of an older list fails, because its version has changed.
   */
  async #changeLayout(view: LeaseView, leases: readonly Stored<Lease>[]): Promise<void> {
    if (!this.#saidOther)
      this.#deps.logger.info("replicas with another number of shards were here", { shards: this.#options.shards, atWork: view.otherAtWork });
    this.#saidOther = true;
    if (view.otherAtWork || this.#held.size > 0) return;
    const byName = new Map(leases.map((lease) => [lease.metadata.name, lease]));
    const count = Math.max(...view.otherLayout.map((lease) => shardsOf(lease) || 0), 1);
    const names = new Set([...Array.from({ length: count }, (_, shard) => this.#nameOf(shard)), ...view.otherLayout.map(({ metadata }) => metadata.name)]);
    // The first one last: while it is the old one, the change is not complete and begins again.
    for (const name of [...names].reverse()) {
      const before = byName.get(name);
      const written = await this.#api.write(name, before, releasedSpec(before?.spec, this.#deps.clock.now()));
      if (!written) return;
    }
  }

  /** Goes on with shards that were to be given back, when they are ours after all. */
  #takeUp(share: number): void {
    for (const [shard, held] of this.#held) {
      if (!held.draining || this.held.length >= share) continue;
      held.draining = false;
      this.#gained(shard);
    }
  }

  async #acquire(shard: number, before: Stored<Lease> | undefined): Promise<void> {
    const { identity, shards, timing } = this.#options;
    const renewedAt = instant(this.#time);
    try {
      const spec = acquiredSpec(before?.spec, identity, timing.leaseDurationMs, this.#deps.clock.now());
      const lease = await this.#api.write(this.#nameOf(shard), before, spec);
      if (!lease) return;
      this.#held.set(shard, { lease, renewedAt, draining: false, passes: 0, turnedAway: false });
      this.#deps.logger.info("shard acquired", { shard, of: shards });
      this.#gained(shard);
    } catch (thrown) {
      this.#deps.logger.info("shard not acquired", { shard, error: messageOf(thrown) });
    }
  }

  #gained(shard: number): void {
    const { shards } = this.#options;
    for (const listener of this.#listeners) listener((text) => shardOf(text, shards) === shard);
  }

  /** Begins no more passes on what is beyond our share; the Lease goes back when those in hand have ended. */
  #handOver(share: number): void {
    const working = this.held;
    for (const shard of working.slice(0, Math.max(0, working.length - share))) {
      const held = this.#held.get(shard);
      if (!held) continue;
      held.draining = true;
      this.#deps.logger.info("shard is handed over", { shard, passes: held.passes });
    }
  }

  async #release(shard: number, held: Held): Promise<void> {
    this.#held.delete(shard);
    try {
      await this.#api.write(this.#nameOf(shard), held.lease, releasedSpec(held.lease.spec, this.#deps.clock.now()));
      this.#deps.logger.info("shard released", { shard });
    } catch (thrown) {
      this.#deps.logger.info("shard not released, it expires", { shard, error: messageOf(thrown) });
    }
  }

  /** At the end of the program. What still has passes expires by itself. */
  async #giveBack(): Promise<void> {
    const idle = [...this.#held].filter(([, { passes }]) => passes === 0);
    const member = this.#member;
    const leave =
      member && this.#api.remove(member).catch((thrown: unknown) => this.#deps.logger.debug("membership not removed", { error: messageOf(thrown) }));
    await Promise.all([...idle.map(([shard, held]) => this.#release(shard, held)), leave]);
  }
}

/** Leader election as client-go does it, for any number of shards: with one shard, one replica works and the others stand by. */
export function shardLeases(deps: ShardLeasesDeps, options: ShardLeasesOptions): ShardLeases {
  return new Leases(deps, options);
}
