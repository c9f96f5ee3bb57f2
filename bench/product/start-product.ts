import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { apiClient, type ClusterAccess, clusterTransport, type ObjectClient } from "../../kube/index.ts";
import type { BenchContext } from "../benchmark.ts";
import { until } from "../measure.ts";

/** `flyteops up` in a process of its own. */
export interface Product {
  readonly client: ObjectClient;
  readonly pid: number;
  /** From the start of the process until the API served our kinds. */
  readonly readyMs: number;
  /** Ends it as Ctrl-C does, and waits. Safe to call twice. */
  stop(): Promise<void>;
}

/** Then it is killed: a benchmark must end. */
const STOP_MS = 20_000;

function command({ options: { program } }: BenchContext): string[] {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build, or add --program cmd/flyteops.ts`);
  return program.endsWith(".ts") ? ["--import", "tsx", program] : [program];
}

function startedProcess(context: BenchContext, repository: string, state: string): { child: ChildProcess; output: string } {
  const output = `${state}.log`;
  const file = openSync(output, "w");
  const child = spawn(process.execPath, [...command(context), "up", "--repo", repository, "--state", state], { stdio: ["ignore", file, file] });
  closeSync(file);
  return { child, output };
}

async function connected(kubeconfig: string, notBefore: number): Promise<ClusterAccess | undefined> {
  try {
    // What an earlier process left there does not count.
    if (statSync(kubeconfig).mtimeMs < notBefore || statSync(kubeconfig).size === 0) return undefined;
  } catch {
    return undefined;
  }
  return clusterTransport({ kubeconfig: [kubeconfig] });
}

async function servesOurKinds({ transport }: ClusterAccess): Promise<boolean> {
  const ask = async (path: string) => {
    const answer = await transport.send({ method: "GET", path });
    for await (const _ of answer.body);
    return answer.status === 200;
  };
  return ask("/apis/flyte.org/v1/runs?limit=1").catch(() => false);
}

/** Starts the product on a repository and waits until its API is ready. It ends with the benchmark. */
export async function startProduct(context: BenchContext, where: { readonly repository: string; readonly state: string }): Promise<Product> {
  const startedAt = Date.now();
  const begin = performance.now();
  const { child, output } = startedProcess(context, where.repository, where.state);
  const ended = once(child, "exit");
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGINT");
      const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(impatience);
    }
  };
  context.scratch.defer(stop);
  const access = await until("the API of flyteops up", 60_000, async () => {
    if (child.exitCode !== null) throw new Error(`flyteops up ended: ${readFileSync(output, "utf8").slice(-2_000)}`);
    return connected(join(where.state, "kubeconfig"), startedAt);
  });
  context.scratch.defer(() => access.close());
  await until("our kinds", 60_000, async () => ((await servesOurKinds(access)) ? true : undefined));
  return { client: apiClient(access.transport), pid: child.pid ?? 0, readyMs: performance.now() - begin, stop };
}
