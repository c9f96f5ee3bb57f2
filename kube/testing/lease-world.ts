import { parseJson, type Random, stringifyJson } from "../../base/index.ts";
import { virtualClock, type VirtualClock } from "../../test/support/virtual-clock.ts";
import { ApiError, type ApiRequest, type ApiResponse, type Transport } from "../client.ts";
import type { KubeObject, Stored } from "../object.ts";

const SET = /labelSelector=flyte\.org%2Flease-set%3D([^&]+)/;

function answer(status: number, body: unknown): ApiResponse {
  const bytes = Buffer.from(stringifyJson(body));
  return {
    status,
    headers: {},
    body: (async function* () {
      yield bytes;
    })(),
  };
}

const refusal = (code: number, reason: string) => answer(code, { kind: "Status", code, reason, message: reason });

/** As much of an API server as Leases need: names, versions, preconditions. */
export function leaseServer() {
  const leases = new Map<string, Stored>();
  let version = 0;
  const store = (object: KubeObject): Stored => {
    const uid = object.metadata.uid ?? `uid-${object.metadata.name ?? ""}-${version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String((version += 1)) } } as Stored;
    leases.set(stored.metadata.name, stored);
    return stored;
  };
  return {
    leases,
    handle({ method, path, body }: ApiRequest): ApiResponse {
      const [at = ""] = path.split("?");
      const name = at.split("/leases/")[1];
      const held = name === undefined ? undefined : leases.get(name);
      const sent = body === undefined ? undefined : (parseJson(String(body)) as unknown as KubeObject);
      if (method === "GET" && name === undefined) {
        const set = decodeURIComponent(SET.exec(path)?.[1] ?? "");
        const items = [...leases.values()].filter(({ metadata }) => metadata.labels?.["flyte.org/lease-set"] === set);
        return answer(200, { kind: "LeaseList", metadata: { resourceVersion: String(version) }, items });
      }
      if (method === "POST") return sent && leases.has(sent.metadata.name ?? "") ? refusal(409, "AlreadyExists") : answer(201, store(sent!));
      if (!held) return refusal(404, "NotFound");
      if (method === "GET") return answer(200, held);
      if (method === "DELETE") {
        leases.delete(held.metadata.name);
        return answer(200, { kind: "Status", status: "Success" });
      }
      if (sent?.metadata.resourceVersion !== held.metadata.resourceVersion) return refusal(409, "Conflict");
      return answer(200, store(sent));
    },
  };
}

/** What may happen to the requests of one replica. Milliseconds. */
export interface Weather {
  /** Longest time the server takes over one request. */
  slowMs: number;
  /** Share of requests that never arrive, and of answers that do not. */
  loss: number;
  /** The machine stands still: nothing of it runs, and what is due runs when it goes on. */
  frozen: boolean;
}

export interface Machine {
  readonly weather: Weather;
  readonly clock: VirtualClock;
  readonly monotonic: () => number;
  readonly transport: Transport;
  thaw(): void;
}

const WIRE_MS = 100;

function timeoutOf(path: string): number {
  const given = /[?&]timeout=(\d+)ms/.exec(path)?.[1];
  return given === undefined ? Infinity : Number(given);
}

/**
 * A world in virtual time: one server, machines whose clocks began elsewhere, requests that take their time, get lost on the way there
 * or back, and land although nobody waits for them any more.
 */
export function leaseWorld(random: Random, land: (machine: number, request: ApiRequest) => ApiResponse) {
  const time = virtualClock();
  function machine(index: number, skewMs: number): Machine {
    const weather: Weather = { slowMs: 50, loss: 0, frozen: false };
    let backlog: (() => void)[] = [];
    const run = (work: () => void) => (weather.frozen ? void backlog.push(work) : work());
    const clock: VirtualClock = { ...time, now: () => time.now() + skewMs, after: (delayMs, fire) => time.after(delayMs, () => run(fire)) };
    const send = (request: ApiRequest) =>
      new Promise<ApiResponse>((resolve, reject) => {
        const fail = (why: unknown) => run(() => reject(why instanceof Error ? why : new ApiError(0, "Unreachable", String(why))));
        request.signal?.addEventListener("abort", () => fail(request.signal?.reason), { once: true });
        const work = random.next() * weather.slowMs;
        const arrives = random.next() * WIRE_MS;
        const lost = random.next() < weather.loss;
        const answerLost = random.next() < weather.loss;
        // A request that the server has not finished within the time it was given ends there without effect.
        if (lost || work > timeoutOf(request.path)) return;
        time.after(arrives + work, () => {
          const response = land(index, request);
          if (!answerLost) time.after(random.next() * WIRE_MS, () => run(() => resolve(response)));
        });
      });
    return {
      weather,
      clock,
      monotonic: () => time.now() - index * 1_000_000,
      transport: { send },
      thaw() {
        weather.frozen = false;
        const due = backlog;
        backlog = [];
        for (const work of due) work();
      },
    };
  }
  return { time, machine };
}
