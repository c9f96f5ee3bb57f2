import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import type { Load } from "../measure.ts";
import { startEmbedded } from "../start-embedded.ts";
import { create, type Operation, patchStatus, populate, watch } from "./operations.ts";
import { podLifecycle, readyForPods } from "./pod-lifecycle.ts";
import { configMaps, taskActions } from "./samples.ts";
import { connect, type Target } from "./target.ts";

const CLIENTS = [1, 32];

interface Ceiling {
  readonly what: string;
  measure(target: Target, clients: number, seconds: number): Promise<Load>;
}

const of = (what: string, operation: Operation, sample: typeof taskActions): Ceiling => ({
  what,
  measure: (target, clients, seconds) => operation.run(target, sample, clients, seconds),
});

/** What a control plane can do at most, whatever is built on it. */
const CEILINGS: readonly Ceiling[] = [
  of("small create (ConfigMap, 1 KB)", create, configMaps),
  of("custom resource create (TaskAction, 1.5 KB)", create, taskActions),
  of("status patch (TaskAction)", patchStatus, taskActions),
  { what: "pod lifecycle (create, Running, Succeeded, delete)", measure: podLifecycle },
];

async function ceilings(name: string, target: Target, { options, say }: BenchContext): Promise<Row[]> {
  for (const sample of [taskActions, configMaps]) await populate(target, sample);
  await readyForPods(target);
  const rows: Row[] = [];
  for (const { what, measure } of CEILINGS) {
    for (const clients of CLIENTS) {
      say(`calibrate: ${name}, ${what}, ${clients} clients`);
      const { rate, p50, p99 } = await measure(target, clients, options.seconds);
      rows.push({ server: name, what, clients, "per s": Math.round(rate), "p50 ms": p50, "p99 ms": p99 });
    }
  }
  const lag = await watch.run(target, taskActions, 1, options.seconds);
  return [...rows, { server: name, what: "watch lag (request of a write → event)", clients: 1, "p50 ms": lag.p50, "p99 ms": lag.p99 }];
}

export const calibrate: Benchmark = {
  name: "calibrate",
  summary: "the raw ceilings of the embedded API and of the peer: creates, status patches, pod lifecycles, watch lag",
  async run(context) {
    const { options, scratch } = context;
    const server = await startEmbedded(context);
    const rows = await ceilings("embedded", await connect(server.kubeconfig, scratch, false), context);
    if (options.peer !== undefined) rows.push(...(await ceilings("peer", await connect(options.peer, scratch, true), context)));
    const notes = ["The load comes from another process on the same cores. Later figures are ratios to these."];
    return [
      {
        title: "What the control planes can do, with nothing of ours on them",
        columns: ["server", "what", "clients", "per s", "p50 ms", "p99 ms"],
        rows,
        notes,
      },
    ];
  },
};
