import { setMaxListeners } from "node:events";
import { collectionPath, objectPath } from "../../kube/index.ts";
import { type Load, load, median, percentile } from "../measure.ts";
import type { Sample } from "./samples.ts";
import type { Target } from "./target.ts";

/** How many objects the reading operations find, and how many the changing ones take turns on. */
const POPULATION = 1_000;
const BURST = 400;

/** One thing that clients do, measured on one target at a time. Order matters: `create` makes what the others use. */
export interface Operation {
  readonly label: string;
  run(target: Target, sample: Sample, clients: number, seconds: number): Promise<Load>;
}

/** Names must not repeat across measurements of one target. */
let batch = 0;

const pathOf = (target: Target, sample: Sample, turn: number, subresource?: string) =>
  objectPath(sample.kind, { namespace: target.namespace, name: `base-${turn % POPULATION}` }, subresource);

/** Makes the objects that are read and changed. */
export async function populate(target: Target, sample: Sample): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < POPULATION) await target.send("POST", collectionPath(sample.kind, target.namespace), sample.make(`base-${next++}`, target.namespace));
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

export const create: Operation = {
  label: "create",
  run(target, sample, clients, seconds) {
    const prefix = `new-${batch++}`;
    const path = collectionPath(sample.kind, target.namespace);
    return load(clients, seconds, async (turn) => void (await target.send("POST", path, sample.make(`${prefix}-${turn}`, target.namespace))));
  },
};

export const patch: Operation = {
  label: "merge patch",
  run(target, sample, clients, seconds) {
    const salt = batch++ * 1_000_000;
    return load(clients, seconds, async (turn) => void (await target.send("PATCH", pathOf(target, sample, turn), sample.change(salt + turn))));
  },
};

export const patchStatus: Operation = {
  label: "status patch",
  run(target, sample, clients, seconds) {
    const salt = batch++ * 1_000_000;
    const report = sample.report ?? sample.change;
    return load(clients, seconds, async (turn) => void (await target.send("PATCH", pathOf(target, sample, turn, "status"), report(salt + turn))));
  },
};

export const get: Operation = {
  label: "get",
  run: (target, sample, clients, seconds) => load(clients, seconds, async (turn) => void (await target.send("GET", pathOf(target, sample, turn)))),
};

export const list: Operation = {
  label: "list, pages of 500",
  run(target, sample, clients, seconds) {
    const path = `${collectionPath(sample.kind, target.namespace)}?limit=500`;
    return load(clients, seconds, async () => void (await target.send("GET", path)));
  },
};

/** Events delivered per second while a burst of status patches runs; the latency is from the request to the event, at rest. */
export const watch: Operation = {
  label: "watch, events/s",
  async run(target, sample, clients) {
    const { resourceVersion } = await target.client.list(sample.kind, { namespace: target.namespace, limit: 1 });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    let seen = 0;
    let wake = () => {};
    const count = (lines: number) => {
      seen += lines;
      wake();
    };
    const seenAll = (events: number) =>
      new Promise<void>((resolve) => {
        wake = () => (seen >= events ? resolve() : undefined);
        wake();
      });
    const watching = Array.from({ length: clients }, () => target.watchLines(sample.kind, resourceVersion, stop.signal, count));
    const salt = batch++ * 1_000_000;
    const report = sample.report ?? sample.change;
    const write = (turn: number) => target.send("PATCH", pathOf(target, sample, turn, sample.report ? "status" : undefined), report(salt + turn));
    await write(POPULATION - 1);
    await seenAll(clients);
    const latencies: number[] = [];
    for (let turn = 0; turn < 50; turn++) {
      const begin = performance.now();
      await Promise.all([write(turn), seenAll(clients * (turn + 2))]);
      latencies.push(performance.now() - begin);
    }
    const begin = performance.now();
    const writer = async (from: number) => {
      for (let turn = from; turn < BURST; turn += 8) await write(51 + turn);
    };
    await Promise.all([...Array.from({ length: 8 }, (_, from) => writer(from)), seenAll(clients * (51 + BURST))]);
    const elapsed = (performance.now() - begin) / 1_000;
    stop.abort();
    await Promise.allSettled(watching);
    return { rate: (clients * BURST) / elapsed, p50: median(latencies), p99: percentile(latencies, 0.99), count: BURST };
  },
};
