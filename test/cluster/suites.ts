import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { checkout } from "./programs/families.ts";
import type { Tier } from "./tier.ts";

export interface Suite {
  readonly title: string;
  readonly files: readonly string[];
  /** Milliseconds that one test may take unless it says otherwise. */
  readonly timeoutMs: number;
}

const CONFORMANCE: Suite = { title: "conformance", files: ["test/conformance/**/*.conformance.ts"], timeoutMs: 120_000 };

const SUITES = join(checkout, "test/cluster/suites");

/** What runs on each tier, in this order. */
export function suitesOf(tier: Tier["name"]): readonly Suite[] {
  const mine = (existsSync(SUITES) ? readdirSync(SUITES) : []).filter((file) => file.endsWith(`.${tier}-cluster.ts`));
  return [CONFORMANCE, ...mine.map((file) => ({ title: file.replace(/\..*$/, "").replaceAll("-", " "), files: [join(SUITES, file)], timeoutMs: 120_000 }))];
}

export interface Count {
  readonly passed: number;
  readonly failed: number;
}

const numberBefore = (word: string, text: string): number => Number(new RegExp(`^ *(\\d+) ${word}`, "m").exec(text)?.[1] ?? 0);

/** Runs one suite on a tier, prints what it says and counts. A suite that dies counts as one failure. */
export function runSuite(suite: Suite, tier: Tier): Promise<Count> {
  const args = ["node_modules/mocha/bin/mocha.js", "--import=tsx", "--forbid-only", "--reporter=dot", `--timeout=${suite.timeoutMs}`, ...suite.files];
  const PATH = [...tier.path, process.env["PATH"] ?? ""].join(delimiter);
  const env = { ...process.env, ...tier.environment, PATH, KUBECONFIG: tier.kubeconfig, FLYTEOPS_CLUSTER_TIER: tier.name };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: checkout, env, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      process.stdout.write(data);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const [passed, failed] = [numberBefore("passing", said), numberBefore("failing", said)];
      resolve({ passed, failed: failed === 0 && code !== 0 ? 1 : failed });
    });
  });
}
