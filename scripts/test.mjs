// npm test: compiles, then runs every suite that needs nothing but this checkout.
// npm run test:conformance: only the promises about the Kubernetes API, on the cluster KUBECONFIG names or on the embedded one.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";

const suites = {
  all: ["dist/**/*.test.js", "dist/test/**/*.conformance.js"],
  conformance: ["dist/test/conformance/**/*.conformance.js"],
};
const suite = process.argv[2] ?? "all";
const run = (program, ...args) => spawnSync(process.execPath, [program, ...args], { stdio: "inherit", env: process.env }).status ?? 1;

const built = run("scripts/prepare.mjs", "--modules");
if (built !== 0) process.exit(built);
// A developer's own cluster is never touched by `npm test`: only the conformance run listens to KUBECONFIG.
if (suite === "all") delete process.env.KUBECONFIG;
const extra = process.argv.slice(3);
process.exit(
  run(
    "node_modules/mocha/bin/mocha.js",
    "--timeout=10000",
    "--forbid-only",
    "--enable-source-maps",
    "--reporter=dot",
    "--ignore=dist/bin/**",
    ...(extra.length > 0 ? extra : suites[suite]),
  ),
);
