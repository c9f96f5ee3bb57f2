import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { checkout } from "./programs/families.ts";
import type { Tier } from "./tier.ts";

export interface Suite {
  readonly title: string;
  readonly files: readonly string[];
  /** Milliseconds that one test may take unless it says otherwise. */
  readonly timeoutMs: number;
  /** Of mocha; a dot for each test unless it says otherwise. */
  readonly reporter?: string;
}

const CONFORMANCE: Suite = { title: "conformance", files: ["test/conformance/!(pods-*).conformance.ts"], timeoutMs: 120_000 };

/** What needs a kubelet. */
const CONFORMANCE_OF_PODS: Suite = { title: "conformance of pods", files: ["test/conformance/pods-*.conformance.ts"], timeoutMs: 120_000 };

const CHARTS: Suite = { title: "charts", files: ["test/charts/**/*.test.ts"], timeoutMs: 120_000 };

/** Files of `suites/`, in this order and in one process. */
function suite(title: string, tier: Tier["name"], ...names: readonly string[]): Suite {
  return { title, files: names.map((name) => join("test/cluster/suites", `${name}.${tier}-cluster.ts`)), timeoutMs: 180_000, reporter: "spec" };
}

const SUITES: Readonly<Record<Tier["name"], readonly (readonly Suite[])[]>> = {
  api: [[CONFORMANCE], [CHARTS], [suite("install and uninstall", "api", "installing")], [suite("own pods", "api", "own-pods")]],
  // Most of their time is that of a kubelet, which has enough to do for neither alone.
  node: [
    [CONFORMANCE],
    [CONFORMANCE_OF_PODS, suite("people", "node", "people"), suite("installed", "node", "installed", "tasks", "replicas", "upgrades")],
    [suite("uninstalled", "node", "uninstalled")],
  ],
};

/** What runs on each tier, in this order; those of one group at the same time. */
export const suitesOf = (tier: Tier["name"]): readonly (readonly Suite[])[] => SUITES[tier];

export interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What was said of the tests that failed. */
  readonly failures: string;
}

/** The end of a log is what people see of it; the end of this is stack traces. */
const FAILURES_SHOWN = 8_000;

const numberBefore = (word: string, text: string): number => Number(new RegExp(`^ *(\\d+) ${word}`, "m").exec(text)?.[1] ?? 0);

function failuresIn(said: string, code: number | null): string {
  const from = /^ *\d+ failing/m.exec(said);
  if (from) return said.slice(from.index, from.index + FAILURES_SHOWN).trimEnd();
  return code === 0 ? "" : `  it ended with ${code} and did not say why:\n${said.slice(-2_000)}`;
}

export interface Running {
  /** Tests whose title matches; all when empty. */
  readonly grep: string;
  /** Ends the suite at once. */
  readonly interrupted: AbortSignal;
  /** Takes what the suite prints, as it comes. */
  write(text: string): void;
}

/** Runs one suite on a tier and counts. A suite that dies counts as one failure. */
export function runSuite(suite: Suite, tier: Tier, { grep, interrupted, write }: Running): Promise<Count> {
  const args = [
    "node_modules/mocha/bin/mocha.js",
    "--import=tsx",
    "--forbid-only",
    `--reporter=${suite.reporter ?? "dot"}`,
    `--timeout=${suite.timeoutMs}`,
    ...(grep ? [`--grep=${grep}`] : []),
    ...suite.files,
  ];
  const PATH = [...tier.path, process.env["PATH"] ?? ""].join(delimiter);
  const env = { ...process.env, ...tier.environment, PATH, KUBECONFIG: tier.kubeconfig, FLYTEOPS_CLUSTER_TIER: tier.name };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: checkout, env, stdio: ["ignore", "pipe", "inherit"] });
    interrupted.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      write(data.toString());
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const [passed, failed] = [numberBefore("passing", said), numberBefore("failing", said)];
      resolve({ passed, failed: failed === 0 && code !== 0 ? 1 : failed, failures: failuresIn(said, code) });
    });
  });
}
