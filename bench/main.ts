// npm run bench: measures, prints tables, asserts nothing.
import { parseArgs } from "node:util";
import { calibrate } from "./api/calibrate.ts";
import { apiRates } from "./api/rates.ts";
import type { BenchContext, Benchmark, BenchOptions, Table } from "./benchmark.ts";
import { machine } from "./machine.ts";
import { planes } from "./planes/planes.ts";
import { memory } from "./memory.ts";
import { printed } from "./print.ts";
import { commit } from "./product/commit.ts";
import { hello } from "./product/hello.ts";
import { hop } from "./product/hop.ts";
import { start } from "./product/start.ts";
import { withScratch } from "./scratch.ts";

const BENCHMARKS: readonly Benchmark[] = [start, calibrate, apiRates, memory, hello, hop, commit, planes];

const HELP = `Usage: npm run bench -- [options] [names…]

Measures and prints tables; nothing is asserted. Without names, everything.

${BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join("\n")}

Options:
  --seconds N    load per figure of the API benchmark (default 1)
  --objects N    objects in memory, manifests in the large repository (default 10000)
  --repeat N     repetitions of what happens once (default 5)
  --log KIND     postgres or memory: where the embedded API keeps objects (default postgres)
  --program FILE the flyteops to measure (default dist/bin/flyteops.js; cmd/flyteops.ts runs the sources)
  --json         one JSON document on standard output instead of tables
  --help

KUBECONFIG_PEER=FILE names a real API server to measure beside the embedded one, in the same run.

Example: KUBECONFIG_PEER=admin.kubeconfig npm run bench -- api memory
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "1" },
    objects: { type: "string", default: "10000" },
    repeat: { type: "string", default: "5" },
    log: { type: "string", default: "postgres" },
    program: { type: "string", default: "dist/bin/flyteops.js" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function positive(option: "seconds" | "objects" | "repeat"): number {
  const number = Number(values[option]);
  if (!(number > 0)) throw new Error(`--${option} ${values[option]}: a positive number is wanted`);
  return number;
}

function optionsOf(): BenchOptions {
  if (values.log !== "postgres" && values.log !== "memory") throw new Error(`--log ${values.log}: postgres or memory`);
  const peer = process.env["KUBECONFIG_PEER"] || undefined;
  return { peer, seconds: positive("seconds"), objects: positive("objects"), repeat: positive("repeat"), log: values.log, program: values.program };
}

function chosen(): readonly Benchmark[] {
  const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(", ")}; there are ${BENCHMARKS.map(({ name }) => name).join(", ")}`);
  return positionals.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => positionals.includes(name));
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

async function runOne(benchmark: Benchmark, options: BenchOptions): Promise<Table[]> {
  const begin = performance.now();
  const say = (line: string) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  const tables = await withScratch(interrupted.signal, (scratch) => benchmark.run({ options, scratch, say } satisfies BenchContext));
  say(`${benchmark.name}: measured in ${((performance.now() - begin) / 1_000).toFixed(0)} s`);
  if (process.stderr.isTTY) process.stderr.write("\n");
  return tables;
}

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(HELP);
  const options = optionsOf();
  const benchmarks = chosen();
  const facts = machine();
  const measured: Record<string, readonly Table[]> = {};
  if (!values.json) {
    const { date, commit, node, system, cores, cpu, memoryGiB, loadBefore } = facts;
    process.stdout.write(
      `${date}, commit ${commit}, Node ${node}, ${system}, ${cores} cores (${cpu}), ${memoryGiB} GiB, load ${loadBefore.toFixed(2)} before\n\n`,
    );
  }
  for (const benchmark of benchmarks) {
    const tables = await runOne(benchmark, options);
    measured[benchmark.name] = tables;
    if (!values.json) process.stdout.write(tables.map(printed).join("\n") + "\n");
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: facts, benchmarks: measured }, null, 2)}\n`);
}

await main().catch((thrown: unknown) => {
  process.stderr.write(`bench: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
});
