import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Random, seededRandom, silentLogger } from "../../base/index.ts";
import { settle } from "../../test/support/virtual-clock.ts";
import type { ApiRequest, ApiResponse } from "../client.ts";
import type { Stored } from "../object.ts";
import { leaseServer, leaseWorld, type Machine } from "../testing/lease-world.ts";
import { fencedTransport } from "./fenced-transport.ts";
import type { Lease } from "./lease-record.ts";
import { type ShardLeases, shardLeases } from "./shard-leases.ts";
import { shardOf, shareOf } from "./shares.ts";

const TIMING = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const KEYS = ["ml-development", "ml-production", "web-staging", "a", "b"];
const PASS_EVERY_MS = 1_000;

interface Replica {
  readonly machine: Machine;
  readonly leases: ShardLeases;
  /** SIGTERM: passes end, Leases go back. */
  stop(): Promise<void>;
  readonly ended: Promise<unknown>;
}

/** A pass over a key that began, or a write of one that arrived. */
interface Fact {
  readonly replica: number;
  readonly key: string;
  readonly pass: number;
  readonly what: "begins" | "lands";
}

/** Every key that a replica writes after another has begun a pass over it, in a pass that began before that. */
function violations(facts: readonly Fact[]): string[] {
  const begun = new Map<string, Fact>();
  const newest = new Map<string, Fact>();
  const found: string[] = [];
  for (const fact of facts) {
    if (fact.what === "begins") {
      begun.set(`${fact.replica}/${fact.pass}`, fact);
      newest.set(fact.key, fact);
      continue;
    }
    const last = newest.get(fact.key);
    const own = begun.get(`${fact.replica}/${fact.pass}`);
    if (own && last && last.replica !== fact.replica && facts.indexOf(last) > facts.indexOf(own))
      found.push(`${fact.key}: pass ${fact.pass} of replica ${fact.replica} landed after replica ${last.replica} had begun`);
  }
  return found;
}

function rig(random: Random) {
  const server = leaseServer();
  const facts: Fact[] = [];
  const replicas: Replica[] = [];
  let passes = 0;
  const ok: ApiResponse = {
    status: 200,
    headers: {},
    body: (async function* () {
      yield Buffer.from("{}");
    })(),
  };
  const world = leaseWorld(random, (index, request: ApiRequest) => {
    if (request.path.includes("/leases")) return server.handle(request);
    const [, key = "", pass = ""] = /^\/written\/([^/]+)\/(\d+)/.exec(request.path) ?? [];
    facts.push({ replica: index, key, pass: Number(pass), what: "lands" });
    return ok;
  });

  /** Begins passes over every key it may, each with a few writes one after another, as a controller does. */
  function work(index: number, machine: Machine, leases: ShardLeases): () => void {
    const fenced = fencedTransport(machine.transport, machine.clock, leases.fence);
    let working = true;
    async function pass(key: string, leave: () => void): Promise<void> {
      const number = (passes += 1);
      facts.push({ replica: index, key, pass: number, what: "begins" });
      for (let write = 0; write < 3; write += 1) await fenced.send({ method: "PATCH", path: `/written/${key}/${number}` }).catch(() => undefined);
      leave();
    }
    const busy = new Set<string>();
    const round = () => {
      if (!working) return;
      for (const key of KEYS) {
        const leave = busy.has(key) ? undefined : leases.gate.enter(key);
        if (leave === undefined) continue;
        busy.add(key);
        void pass(key, leave).finally(() => busy.delete(key));
      }
      machine.clock.after(PASS_EVERY_MS, round);
    };
    round();
    return () => void (working = false);
  }

  function start(shards: number, skewMs = 0): Replica {
    const index = replicas.length;
    const machine = world.machine(index, skewMs);
    const { transport, clock, monotonic } = machine;
    const deps = { transport, clock, monotonic, random, logger: silentLogger };
    const leases = shardLeases(deps, { name: "flyteops", namespace: "system", identity: `replica-${index}`, shards, timing: TIMING });
    const stopWork = work(index, machine, leases);
    const stop = new AbortController();
    const ended = leases.run(stop.signal).then(
      () => undefined,
      (thrown: unknown) => {
        stopWork();
        return thrown;
      },
    );
    const replica: Replica = {
      machine,
      leases,
      ended,
      async stop() {
        stopWork();
        await world.time.advance(1_500);
        stop.abort();
        await settle();
      },
    };
    replicas.push(replica);
    return replica;
  }

  const heldBy = () => replicas.map(({ leases }) => leases.held);
  const lease = (name: string) => server.leases.get(name) as Stored<Lease> | undefined;
  return { world, server, start, facts, heldBy, lease, replicas };
}

describe("leases of shards", () => {
  it("let one replica of two work, and the other at once when the first is stopped", async () => {
    const { world, start, heldBy, lease, facts } = rig(seededRandom(1));
    const first = start(1);
    await world.time.advance(3_000);
    start(1, 3_600_000);
    await world.time.advance(60_000);
    assert.deepEqual(heldBy(), [[0], []]);
    await first.stop();
    await world.time.advance(4_000);
    assert.deepEqual(heldBy(), [[], [0]]);
    assert.equal(lease("flyteops-0")?.spec?.holderIdentity, "replica-1");
    assert.equal(lease("flyteops-0")?.spec?.leaseTransitions, 1);
    assert.deepEqual(violations(facts), []);
  });

  it("go over after the lease duration when a replica is killed, whatever its clock said", async () => {
    const { world, start, heldBy, facts } = rig(seededRandom(2));
    const killed = start(1, 86_400_000);
    await world.time.advance(5_000);
    start(1);
    await world.time.advance(10_000);
    killed.machine.weather.frozen = true;
    await world.time.advance(14_000);
    assert.deepEqual(heldBy()[1], []);
    await world.time.advance(6_000);
    assert.deepEqual(heldBy()[1], [0]);
    killed.machine.thaw();
    await world.time.advance(10_000);
    assert.match(String(await killed.ended), /lease of shard 0 was lost/);
    assert.deepEqual(violations(facts), []);
  });

  it("end the work of a replica that cannot renew before anybody else begins", async () => {
    const { world, start, heldBy, facts, replicas } = rig(seededRandom(3));
    const cut = start(1);
    await world.time.advance(5_000);
    start(1);
    await world.time.advance(5_000);
    cut.machine.weather.loss = 1;
    await world.time.advance(11_000);
    assert.throws(() => cut.leases.fence.budgetMs(), /may not write/);
    assert.equal(cut.leases.gate.enter("a"), undefined);
    await world.time.advance(15_000);
    assert.deepEqual(heldBy()[1], [0]);
    assert.match(String(await replicas[0]?.ended), /could not be renewed in time/);
    assert.deepEqual(violations(facts), []);
  });

  it("are shared fairly, and move only as far as fairness asks", async () => {
    const { world, start, heldBy, facts } = rig(seededRandom(4));
    start(7);
    await world.time.advance(10_000);
    assert.equal(heldBy()[0]?.length, 7);
    start(7);
    start(7);
    await world.time.advance(30_000);
    const before = heldBy();
    assert.deepEqual(before.map(({ length }) => length).sort(), [2, 2, 3]);
    assert.deepEqual(before.flat().sort(), [0, 1, 2, 3, 4, 5, 6]);
    await world.time.advance(60_000);
    assert.deepEqual(heldBy(), before);
    assert.deepEqual(violations(facts), []);
  });

  it("wait for passes in hand before they go over", async () => {
    const { world, start, heldBy } = rig(seededRandom(5));
    const first = start(2);
    await world.time.advance(5_000);
    const text = KEYS.find((key) => shardOf(key, 2) === 0) ?? "";
    const leave = first.leases.gate.enter(text);
    assert.ok(leave);
    start(2);
    await world.time.advance(20_000);
    assert.deepEqual(heldBy(), [[1], []]);
    assert.equal(first.leases.gate.enter(text), undefined);
    leave();
    await world.time.advance(10_000);
    assert.deepEqual(heldBy(), [[1], [0]]);
  });

  it("tell whoever wants to know which keys are ours from now on", async () => {
    const { world, start } = rig(seededRandom(6));
    const { leases } = start(3);
    const gained: string[] = [];
    leases.gate.onGain((isOurs) => gained.push(...KEYS.filter(isOurs)));
    await world.time.advance(8_000);
    assert.deepEqual(gained.sort(), [...KEYS].sort());
  });

  it("tell it again of what was refused while a renewal was late", async () => {
    const { world, start, heldBy } = rig(seededRandom(8));
    const { leases, machine } = start(1);
    await world.time.advance(5_000);
    const gained: string[] = [];
    leases.gate.onGain((isOurs) => gained.push(...KEYS.filter(isOurs)));
    machine.weather.frozen = true;
    await world.time.advance(12_500);
    // What wakes first is a worker, and not the renewal.
    assert.equal(leases.gate.enter("a"), undefined);
    machine.thaw();
    await world.time.advance(4_000);
    assert.deepEqual([heldBy(), gained], [[[0]], KEYS]);
    assert.ok(leases.gate.enter("a"));
    await world.time.advance(10_000);
    assert.deepEqual(gained, KEYS, "once");
  });

  it("never let replicas work side by side that split the work differently", async () => {
    const { world, start, heldBy, facts } = rig(seededRandom(7));
    const old = [start(1), start(1)];
    await world.time.advance(10_000);
    start(3);
    await world.time.advance(40_000);
    assert.deepEqual(heldBy(), [[0], [], []]);
    for (const each of old) await each.stop();
    await world.time.advance(20_000);
    assert.deepEqual(heldBy(), [[], [], [0, 1, 2]]);
    start(1);
    await world.time.advance(20_000);
    assert.deepEqual(heldBy()[3], []);
    assert.deepEqual(violations(facts), []);
  });

  it("say what is wrong with them, and holding none is nothing wrong", async () => {
    const { world, start } = rig(seededRandom(8));
    const first = start(1);
    assert.match(first.leases.trouble() ?? "", /not read yet/);
    await world.time.advance(5_000);
    const second = start(1);
    await world.time.advance(5_000);
    assert.deepEqual([first.leases.trouble(), second.leases.trouble()], [undefined, undefined]);
    second.machine.weather.loss = 1;
    await world.time.advance(20_000);
    assert.match(second.leases.trouble() ?? "", /could not be read for \d+ s/);
  });

  it("remove the membership of replicas that are long gone", async () => {
    const { world, start, server } = rig(seededRandom(9));
    start(1);
    const gone = start(1);
    await world.time.advance(5_000);
    gone.machine.weather.frozen = true;
    const members = () => [...server.leases.keys()].filter((name) => name.includes("-member-")).length;
    assert.equal(members(), 2);
    await world.time.advance(400_000);
    assert.equal(members(), 1);
  });

  const event = fc.record({
    at: fc.integer({ min: 500, max: 20_000 }),
    replica: fc.nat(3),
    what: fc.constantFrom("freeze", "thaw", "cut", "heal", "slow", "stop", "start", "start") as fc.Arbitrary<
      "freeze" | "thaw" | "cut" | "heal" | "slow" | "stop" | "start"
    >,
  });

  it("never let two replicas write one key, whatever happens, and are all held again when it is over", async () => {
    const story = fc.record({ seed: fc.integer(), shards: fc.constantFrom(1, 2, 5), events: fc.array(event, { maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(story, async ({ seed, shards, events }) => {
        const { world, start, facts, replicas } = rig(seededRandom(seed));
        start(shards);
        start(shards, -40_000);
        for (const { at, replica, what } of events) {
          await world.time.advance(at);
          const { machine, stop } = replicas[replica % replicas.length]!;
          if (what === "freeze") machine.weather.frozen = true;
          if (what === "thaw") machine.thaw();
          if (what === "cut") machine.weather.loss = 0.7;
          if (what === "slow") machine.weather.slowMs = 12_000;
          if (what === "heal") Object.assign(machine.weather, { loss: 0, slowMs: 50 });
          if (what === "stop") await stop();
          if (what === "start" && replicas.length < 5) start(shards, seed % 100_000);
        }
        for (const { machine } of replicas) {
          Object.assign(machine.weather, { loss: 0, slowMs: 50 });
          machine.thaw();
        }
        const last = start(shards);
        await world.time.advance(60_000);
        assert.deepEqual(violations(facts), []);
        const holding = replicas.filter(({ leases }) => leases.trouble() === undefined).flatMap(({ leases }) => leases.held);
        assert.deepEqual(
          [...holding].sort(),
          Array.from({ length: shards }, (_, shard) => shard),
        );
        assert.ok(last.leases.trouble() === undefined);
      }),
      { numRuns: 12 },
    );
  }).timeout(60_000);
});

describe("shares", () => {
  it("add up to all shards and differ by one at most", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 9 }),
        fc.array(fc.nat(9)),
        (shards, names, held) => {
          const members = new Map(names.map((name, index) => [name, held[index] ?? 0]));
          const shares = names.map((name) => shareOf({ shards, members }, name));
          assert.equal(
            shares.reduce((sum, share) => sum + share, 0),
            shards,
          );
          assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
        },
      ),
    );
  });

  it("put texts into shards evenly, and always into the same", () => {
    const counts = [0, 0, 0, 0, 0];
    for (let index = 0; index < 5_000; index += 1) counts[shardOf(`project-${index}-development`, 5)]! += 1;
    assert.ok(Math.min(...counts) > 850 && Math.max(...counts) < 1_150, counts.join());
    assert.deepEqual(
      KEYS.map((key) => shardOf(key, 16)),
      KEYS.map((key) => shardOf(key, 16)),
    );
  });
});
