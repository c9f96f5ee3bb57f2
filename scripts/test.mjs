// npm test: compiles, then runs every suite that needs nothing but this checkout: those beside the code and below test/ in two processes at
// a time, then the promises about the Kubernetes API, which share one cluster, in one.
// npm run test:conformance: only those promises, on the cluster KUBECONFIG names or on the embedded one.
// Arguments after the name of the suite go to mocha instead of the suite's own files.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";

const PARALLEL = ["--parallel", "--jobs=2"];
const CONFORMANCE = [["dist/test/conformance/**/*.conformance.js"]];
const suites = {
  // What crosses rooms takes longest: it begins first, so that no process is left with it at the end.
  all: [[...PARALLEL, "dist/test/**/*.test.js", "dist/!(test)/**/*.test.js"], ...CONFORMANCE],
  conformance: CONFORMANCE,
};
const suite = process.argv[2] ?? "all";
const run = (program, ...args) => spawnSync(process.execPath, [program, ...args], { stdio: "inherit", env: process.env }).status ?? 1;

const built = run("scripts/prepare.mjs", "--modules");
if (built !== 0) process.exit(built);
// A developer's own cluster is never touched by `npm test`: only the conformance run listens to KUBECONFIG.
if (suite === "all") delete process.env.KUBECONFIG;
const extra = process.argv.slice(3);
const options = ["--timeout=10000", "--forbid-only", "--enable-source-maps", "--reporter=dot", "--ignore=dist/bin/**"];
const failed = (extra.length > 0 ? [extra] : suites[suite]).map((files) => run("node_modules/mocha/bin/mocha.js", ...options, ...files));
process.exit(failed.reduce((worst, status) => Math.max(worst, status), 0));
