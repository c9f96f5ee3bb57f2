import { collectionPath } from "../kube/index.ts";
import { taskActions } from "./api/samples.ts";
import { connect } from "./api/target.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { startEmbedded } from "./start-embedded.ts";

const WRITERS = 16;

async function measure(context: BenchContext): Promise<Row[]> {
  const { objects } = context.options;
  const server = await startEmbedded(context, { collect: true });
  const target = await connect(server.kubeconfig, context.scratch, false);
  const path = collectionPath(taskActions.kind, target.namespace);
  // The first few hundred warm the code up; what they cost is not the objects'.
  let next = 0;
  const fill = async (until: number) => {
    const writer = async () => {
      while (next < until) await target.send("POST", path, taskActions.make(`memory-${next++}`, target.namespace));
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  };
  await fill(500);
  const before = await server.usage();
  await fill(500 + objects);
  const after = await server.usage();
  const bytes = await target.send("GET", path);
  const each = (figure: "rss" | "heapUsed") => Math.round((after[figure] - before[figure]) / objects);
  return [
    {
      objects,
      "stored bytes each": Math.round(bytes / (500 + objects)),
      "RSS before MiB": before.rss / 2 ** 20,
      "RSS after MiB": after.rss / 2 ** 20,
      "RSS bytes each": each("rss"),
      "heap bytes each": each("heapUsed"),
    },
  ];
}

export const memory: Benchmark = {
  name: "memory",
  summary: "memory of the API server's process with 10,000 objects",
  async run(context) {
    const columns = ["objects", "stored bytes each", "RSS before MiB", "RSS after MiB", "RSS bytes each", "heap bytes each"];
    return [
      {
        title: "Memory of the embedded API with many TaskActions",
        columns,
        rows: await measure(context),
        notes: ["After a garbage collection, without PostgreSQL's own processes."],
      },
    ];
  },
};
