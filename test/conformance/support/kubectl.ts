import assert from "node:assert/strict";
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type Cluster, useCluster } from "./cluster.ts";
import { kubectlPaths, kubectls, type Program } from "./kubectl-programs.ts";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One kubectl at work in a suite's namespace. */
export interface Kubectl extends Program {
  readonly cluster: Cluster;
  run(args: readonly string[], input?: string, env?: Readonly<Record<string, string>>): Promise<Run>;
  /** The output of a run that must succeed. */
  done(args: readonly string[], input?: string, env?: Readonly<Record<string, string>>): Promise<string>;
  /** A run in a terminal of its own: `keys` are typed once it has said `after`. */
  inTerminal(args: readonly string[], keys: string, after?: string): Promise<Run>;
  /** A run that goes on until it is ended. */
  start(args: readonly string[]): ChildProcess;
}

/** Of util-linux: makes a terminal. */
export const SCRIPT = "/usr/bin/script";

/** A suite that every kubectl there is must pass. */
export function describeKubectl(area: string, promises: (kubectl: Kubectl) => void, use: () => Cluster = useCluster): void {
  if (kubectls.length === 0) return void describe(`conformance: ${area} (skipped: no ${kubectlPaths.join(", ")} on this machine)`, () => undefined);
  for (const program of kubectls) {
    describe(`conformance: ${area} @${program.version}`, function () {
      this.timeout(60_000);
      promises(kubectlAt(program, use()));
    });
  }
}

function kubectlAt(program: Program, cluster: Cluster): Kubectl {
  const where = (args: readonly string[]) => ["--kubeconfig", cluster.kubeconfig, "-n", cluster.namespace, ...args];
  const begin = (path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    spawn(path, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => begin(program.path, where(args), env);
  const run = (args: readonly string[], input = "", env: Readonly<Record<string, string>> = {}): Promise<Run> => {
    const child = start(args, env);
    // A program that does not read its input may be gone before it is written.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    return heard(child);
  };
  return {
    ...program,
    cluster,
    run,
    start,
    inTerminal(args, keys, after) {
      const command = [program.path, ...where(args)].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
      const child = begin(SCRIPT, ["-q", "-e", "-c", `exec ${command}`, "/dev/null"]);
      child.stdin.on("error", () => undefined);
      const type = () => void child.stdin.write(keys);
      if (after === undefined) type();
      else child.stdout.on("data", (part: Buffer) => part.toString().includes(after) && type());
      return heard(child);
    },
    async done(args, input, env) {
      const { code, out, err } = await run(args, input, env);
      assert.equal(code, 0, `kubectl ${args.join(" ")}\n${err}`);
      return out;
    },
  };
}

/** Everything that a program says, and how it ends. */
function heard(child: ChildProcessWithoutNullStreams): Promise<Run> {
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}
