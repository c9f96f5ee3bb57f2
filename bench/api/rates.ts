import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import { startEmbedded, type EmbeddedServer } from "../start-embedded.ts";
import { create, get, list, type Operation, patch, patchStatus, populate, watch } from "./operations.ts";
import { configMaps, type Sample, taskActions } from "./samples.ts";
import { connect, type Target } from "./target.ts";

const CLIENTS = [1, 32];
const PLAN: readonly { readonly sample: Sample; readonly operations: readonly Operation[] }[] = [
  { sample: taskActions, operations: [create, patch, patchStatus, get, list, watch] },
  { sample: configMaps, operations: [create, patch] },
];

interface Sides {
  readonly embedded: Target;
  readonly server: EmbeddedServer;
  readonly peer: Target | undefined;
}

/** Both servers right after one another, so that what else the machine does meets both. */
async function row({ embedded, server, peer }: Sides, sample: Sample, operation: Operation, clients: number, seconds: number): Promise<Row> {
  const before = await server.usage();
  const ours = await operation.run(embedded, sample, clients, seconds);
  const spent = (await server.usage()).cpu - before.cpu;
  const theirs = peer && (await operation.run(peer, sample, clients, seconds));
  return {
    object: sample.label,
    operation: operation.label,
    clients,
    "per s": Math.round(ours.rate),
    "p50 ms": ours.p50,
    "p99 ms": ours.p99,
    "server µs each": operation === watch ? undefined : Math.round(spent / ours.count),
    ...(theirs ? { "peer per s": Math.round(theirs.rate), "peer p50": theirs.p50, "peer p99": theirs.p99, ratio: ours.rate / theirs.rate } : {}),
  };
}

async function measure(context: BenchContext): Promise<Row[]> {
  const { options, scratch, say } = context;
  const server = await startEmbedded(context);
  const embedded = await connect(server.kubeconfig, scratch, false);
  const peer = options.peer === undefined ? undefined : await connect(options.peer, scratch, true);
  const rows: Row[] = [];
  for (const { sample, operations } of PLAN) {
    for (const target of peer ? [embedded, peer] : [embedded]) await populate(target, sample);
    for (const operation of operations) {
      for (const clients of CLIENTS) {
        say(`api: ${sample.label}, ${operation.label}, ${clients} clients`);
        rows.push(await row({ embedded, server, peer }, sample, operation, clients, options.seconds));
      }
    }
  }
  return rows;
}

export const apiRates: Benchmark = {
  name: "api",
  summary: "create, patch, get, list and watch rates of the embedded API over HTTPS, at 1 and 32 clients",
  async run(context) {
    const rows = await measure(context);
    const columns = ["object", "operation", "clients", "per s", "p50 ms", "p99 ms", "server µs each"];
    if (context.options.peer) columns.push("peer per s", "peer p50", "peer p99", "ratio");
    const notes = ["aim: 2,000 small writes/s. The load comes from another process on the same cores."];
    return [{ title: `Embedded Kubernetes API over HTTPS (objects in ${context.options.log})`, columns, rows, notes }];
  },
};
