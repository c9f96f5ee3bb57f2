import { join } from "node:path";
import type { BenchContext, Benchmark, Row } from "../benchmark.ts";
import { median } from "../measure.ts";
import { project } from "./manifests.ts";
import { newRepository } from "./repository.ts";
import { startProduct } from "./start-product.ts";

const FIRSTS = 3;

async function measure(context: BenchContext): Promise<{ first: number[]; again: number[] }> {
  const directory = await context.scratch.directory("start");
  const repository = newRepository(join(directory, "repository"), { "project.yaml": [project] }).directory;
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < FIRSTS; round++) {
    const state = join(directory, `state-${round}`);
    for (let start = 0; start < 3; start++) {
      context.say(`start: round ${round + 1}, ${start === 0 ? "first start" : "start on the same state"}`);
      const product = await startProduct(context, { repository, state });
      (start === 0 ? first : again).push(product.readyMs);
      await product.stop();
    }
  }
  return { first, again };
}

const row = (what: string, samples: readonly number[], aim: string): Row => ({
  what,
  starts: samples.length,
  "median ms": median(samples),
  "fastest ms": Math.min(...samples),
  "slowest ms": Math.max(...samples),
  aim,
});

export const start: Benchmark = {
  name: "start",
  summary: "from starting `flyteops up` until its API serves our kinds",
  async run(context) {
    const { first, again } = await measure(context);
    const columns = ["what", "starts", "median ms", "fastest ms", "slowest ms", "aim"];
    const rows = [row("first start (makes the database and the keys)", first, "< 2,000"), row("start on the same state", again, "< 1,000")];
    return [{ title: "Start of flyteops up to API ready", columns, rows }];
  },
};
