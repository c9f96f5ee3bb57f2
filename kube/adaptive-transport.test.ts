import assert from "node:assert/strict";
import { sleep } from "../base/index.ts";
import { virtualClock } from "../test/support/virtual-clock.ts";
import { adaptiveTransport, type AdaptiveLimits } from "./adaptive-transport.ts";
import type { ApiRequest, ApiResponse } from "./client.ts";

const GET: ApiRequest = { method: "GET", path: "/api/v1/pods" };

function answer(status: number, headers: Record<string, string> = {}): ApiResponse {
  return { status, headers, body: (async function* () {})() };
}

/** A server that works on `capacity` requests at once, each for `workMs`, and refuses what its queue cannot hold. */
function rig(server: { capacity: number; workMs: number; queue: number }, bounds: Partial<AdaptiveLimits> = {}) {
  const clock = virtualClock();
  let working = 0;
  const queue: (() => void)[] = [];
  const seen = { most: 0, refused: 0, answered: 0, sent: [] as number[] };
  const work = (done: (response: ApiResponse) => void) => {
    working += 1;
    clock.after(server.workMs, () => {
      working -= 1;
      seen.answered += 1;
      done(answer(200));
      queue.shift()?.();
    });
  };
  const transport = {
    send: () =>
      new Promise<ApiResponse>((resolve) => {
        seen.sent.push(clock.now());
        seen.most = Math.max(seen.most, working + queue.length + 1);
        if (working < server.capacity) return work(resolve);
        if (queue.length < server.queue) return void queue.push(() => work(resolve));
        seen.refused += 1;
        resolve(answer(429, { "retry-after": "1" }));
      }),
  };
  const limits = { minInFlight: 2, maxInFlight: 64, latencyTargetMs: 1_000, ...bounds };
  const client = adaptiveTransport(transport, clock, () => limits);
  return { clock, client, seen, server, limits };
}

describe("the limit of requests at once", () => {
  it("lets requests through at once while there is room", async () => {
    const { client, clock, seen } = rig({ capacity: 100, workMs: 10, queue: 0 });
    const answers = Array.from({ length: 64 }, () => client.send(GET));
    assert.equal(seen.sent.length, 64);
    await clock.advance(10);
    assert.ok((await Promise.all(answers)).every(({ status }) => status === 200));
    assert.equal(client.inFlight, 0);
  });

  it("keeps the rest waiting, in their order, and loses none", async () => {
    const { client, clock, seen } = rig({ capacity: 100, workMs: 10, queue: 0 }, { maxInFlight: 3, minInFlight: 1 });
    const order: number[] = [];
    const answers = Array.from({ length: 10 }, (_, index) => client.send(GET).then(() => order.push(index)));
    await clock.advance(5);
    assert.equal(seen.sent.length, 3);
    await clock.advance(100);
    await Promise.all(answers);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("halves once per round of refusals, not once per refusal", async () => {
    const { client, clock, seen } = rig({ capacity: 10, workMs: 10, queue: 0 });
    const answers = Array.from({ length: 64 }, () => client.send(GET));
    assert.equal(seen.refused, 54);
    await clock.advance(10);
    assert.equal(client.limit, 32);
    assert.equal((await Promise.all(answers)).filter(({ status }) => status === 429).length, 54);
  });

  it("is quiet for as long as the server asks when it cannot ask less", async () => {
    const { client, clock, seen } = rig({ capacity: 0, workMs: 10, queue: 0 }, { maxInFlight: 1, minInFlight: 1 });
    const start = clock.now();
    assert.equal((await client.send(GET)).status, 429);
    const later = client.send(GET);
    await clock.advance(990);
    assert.equal(seen.sent.length, 1);
    await clock.advance(20);
    await later;
    assert.deepEqual(seen.sent, [start, start + 1_000]);
  });

  it("settles near what a server takes, and gives it nearly all the work it can do", async () => {
    const { client, clock, seen } = rig({ capacity: 8, workMs: 50, queue: 4 });
    let going = true;
    const asks = Array.from({ length: 60 }, async () => {
      while (going) if ((await client.send(GET)).status === 429) await sleep(clock, 1_000);
    });
    await clock.advance(30_000);
    const before = { answered: seen.answered, refused: seen.refused };
    await clock.advance(20_000);
    going = false;
    const rate = (seen.answered - before.answered) / 20;
    const refused = seen.refused - before.refused;
    assert.ok(rate > 0.5 * (8 / 0.05), `${rate} of 160 answers a second`);
    assert.ok(refused < 0.05 * (seen.answered - before.answered), `${refused} refused`);
    assert.ok(client.limit <= 24, String(client.limit));
    await clock.advance(5_000);
    await Promise.all(asks);
  });

  it("asks less while answers are slow, and more again when they are not", async () => {
    const { client, clock, server } = rig({ capacity: 1_000, workMs: 3_000, queue: 0 }, { maxInFlight: 20 });
    let going = true;
    const asks = Array.from({ length: 40 }, async () => {
      while (going) await client.send(GET);
    });
    await clock.advance(60_000);
    const slow = client.limit;
    assert.ok(slow < 10, String(slow));
    server.workMs = 20;
    await clock.advance(60_000);
    assert.equal(client.limit, 20);
    going = false;
    await clock.advance(5_000);
    await Promise.all(asks);
  });

  it("never falls below its least, and follows bounds that change", async () => {
    const { client, clock, limits } = rig({ capacity: 0, workMs: 1, queue: 0 });
    for (let round = 0; round < 10; round += 1) {
      void client.send(GET);
      await clock.advance(1_100);
    }
    assert.equal(client.limit, 2);
    limits.minInFlight = 1;
    void client.send(GET);
    await clock.advance(1_100);
    assert.equal(client.limit, 1);
  });

  it("does not count watches and followed logs", async () => {
    const { client, seen } = rig({ capacity: 100, workMs: 10, queue: 0 }, { maxInFlight: 1, minInFlight: 1 });
    for (let index = 0; index < 5; index += 1) void client.send({ method: "GET", path: `/api/v1/pods?watch=1&x=${index}` });
    void client.send({ method: "GET", path: "/api/v1/namespaces/a/pods/b/log?follow=true" });
    assert.equal(seen.sent.length, 6);
    assert.equal(client.inFlight, 0);
  });

  it("lets go of requests that nobody waits for any more", async () => {
    const { client, clock, seen } = rig({ capacity: 100, workMs: 10, queue: 0 }, { maxInFlight: 1, minInFlight: 1 });
    const first = client.send(GET);
    const stop = new AbortController();
    const second = client.send({ ...GET, signal: stop.signal });
    const third = client.send(GET);
    stop.abort(new Error("enough"));
    await assert.rejects(second, /enough/);
    await clock.advance(30);
    assert.deepEqual([(await first).status, (await third).status], [200, 200]);
    assert.equal(seen.sent.length, 2);
  });
});
