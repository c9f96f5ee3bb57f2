import { join } from "node:path";
import { DOWNLOAD, MAIN, SIDECAR } from "../../plugins/index.ts";
import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import { median, percentile } from "../measure.ts";
import { helloTask, helloWorkflow, project } from "./manifests.ts";
import { newRepository } from "./repository.ts";
import { runToEnd, workflowReady } from "./settle.ts";
import { startProduct } from "./start-product.ts";
import { timeline, type Timeline } from "./timeline.ts";

/** The first run warms everything up and is not counted. */
const RUNS = 9;

interface Names {
  readonly run: string;
  readonly action: string;
  readonly pod: string;
}

type Mark = readonly [label: string, at: (line: Timeline, names: Names) => number | undefined];

const MARKS: readonly Mark[] = [
  ["Run created", (line, { run }) => line.at("Run", run, "created")],
  ["TaskAction created", (line, { action }) => line.at("TaskAction", action, "created")],
  ["Pod created", (line, { pod }) => line.at("Pod", pod, "created")],
  ["first container started", (line, { pod }) => earliest(line, pod, "started")],
  ["last container started", (line, { pod }) => latest(line, pod, "started")],
  ["main container ended", (line, { pod }) => line.at("Pod", pod, `${MAIN} ended`)],
  ["Pod Succeeded", (line, { pod }) => line.at("Pod", pod, "phase=Succeeded")],
  ["TaskAction Succeeded", (line, { action }) => line.at("TaskAction", action, "phase=Succeeded")],
  ["Run Succeeded", (line, { run }) => line.at("Run", run, "phase=Succeeded")],
];

const CONTAINERS = [DOWNLOAD, SIDECAR, MAIN];
const sightings = (line: Timeline, pod: string, what: string) => CONTAINERS.flatMap((name) => line.at("Pod", pod, `${name} ${what}`) ?? []);
const earliest = (line: Timeline, pod: string, what: string) => Math.min(...sightings(line, pod, what));
const latest = (line: Timeline, pod: string, what: string) => Math.max(...sightings(line, pod, what));

async function measure(context: BenchContext): Promise<Row[]> {
  const directory = await context.scratch.directory("hello");
  const repository = newRepository(join(directory, "repository"), { "project.yaml": [project], "hello.yaml": [helloTask, helloWorkflow] }).directory;
  const { client } = await startProduct(context, { repository, state: join(directory, "state") });
  await workflowReady(client, "hello");
  const line = await timeline(client);
  context.scratch.defer(() => line.stop());
  const begins: number[][] = [];
  for (let turn = 0; turn <= RUNS; turn++) {
    context.say(`hello: run ${turn + 1} of ${RUNS + 1}`);
    const run = `hello-${turn}`;
    await runToEnd(client, line, run, "hello");
    const names = { run, action: line.names("TaskAction").at(-1) ?? "", pod: line.names("Pod").at(-1) ?? "" };
    if (turn > 0) begins.push(MARKS.map(([, at]) => at(line, names) ?? NaN));
  }
  return rows(begins);
}

function rows(runs: readonly (readonly number[])[]): Row[] {
  const column = (index: number) => runs.map((times) => times[index] ?? NaN);
  const zero = column(0);
  return MARKS.map(([label], index) => {
    const since = column(index).map((time, turn) => time - (zero[turn] ?? NaN));
    const step = column(index).map((time, turn) => time - (column(index - 1)[turn] ?? NaN));
    return {
      "seen by a watching client": label,
      "at ms (median)": median(since),
      "step ms (median)": index === 0 ? undefined : median(step),
      "at ms (p90)": percentile(since, 0.9),
    };
  });
}

export const hello: Benchmark = {
  name: "hello",
  summary: "one run of one task, end to end, step by step",
  async run(context) {
    const columns = ["seen by a watching client", "at ms (median)", "step ms (median)", "at ms (p90)"];
    return [{ title: `Hello world end to end (${RUNS} runs, one after another)`, columns, rows: await measure(context) }];
  },
};
