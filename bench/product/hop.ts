import { join } from "node:path";
import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import { median, percentile } from "../measure.ts";
import { chainWorkflow, passTask, project } from "./manifests.ts";
import { newRepository } from "./repository.ts";
import { runToEnd, workflowReady } from "./settle.ts";
import { startProduct } from "./start-product.ts";
import { timeline, type Timeline } from "./timeline.ts";

const LENGTH = 30;

interface Hop {
  readonly label: string;
  readonly samples: readonly number[];
  readonly aim?: string;
}

function hopsOf(line: Timeline, pods: readonly string[], actions: readonly string[]): Hop[] {
  const pod = (index: number, what: string) => line.at("Pod", pods[index] ?? "", what) ?? NaN;
  const action = (index: number, what: string) => line.at("TaskAction", actions[index] ?? "", what) ?? NaN;
  const between = (from: (index: number) => number, to: (index: number) => number) =>
    Array.from({ length: pods.length - 1 }, (_, index) => to(index) - from(index)).filter((time) => !Number.isNaN(time));
  const ended = (index: number) => pod(index, "phase=Succeeded");
  const done = (index: number) => action(index, "phase=Succeeded");
  const next = (index: number) => action(index + 1, "created");
  const created = (index: number) => pod(index + 1, "created");
  return [
    { label: "pod Succeeded → next pod created", samples: between(ended, created), aim: "p50 < 20 ms" },
    { label: "  pod Succeeded → TaskAction Succeeded", samples: between(ended, done) },
    { label: "  TaskAction Succeeded → next TaskAction", samples: between(done, next) },
    { label: "  next TaskAction → its pod", samples: between(next, created) },
    { label: "pod created → pod Succeeded (starts three processes)", samples: between((index) => pod(index, "created"), ended) },
  ];
}

async function measure(context: BenchContext): Promise<Row[]> {
  const directory = await context.scratch.directory("hop");
  const repository = newRepository(join(directory, "repository"), { "project.yaml": [project], "chain.yaml": [passTask, chainWorkflow(LENGTH)] }).directory;
  const { client } = await startProduct(context, { repository, state: join(directory, "state") });
  await workflowReady(client, "chain");
  const line = await timeline(client);
  context.scratch.defer(() => line.stop());
  context.say(`hop: a chain of ${LENGTH} tasks`);
  await runToEnd(client, line, "chain-1", "chain");
  return hopsOf(line, line.names("Pod"), line.names("TaskAction")).map(({ label, samples, aim }) => ({
    step: label,
    hops: samples.length,
    "p50 ms": median(samples),
    "p99 ms": percentile(samples, 0.99),
    aim,
  }));
}

export const hop: Benchmark = {
  name: "hop",
  summary: "from a finished pod to the creation of the next, in a chain of 30 tasks",
  async run(context) {
    const columns = ["step", "hops", "p50 ms", "p99 ms", "aim"];
    return [{ title: `From node to node, in a chain of ${LENGTH} tasks that hand a number on`, columns, rows: await measure(context) }];
  },
};
