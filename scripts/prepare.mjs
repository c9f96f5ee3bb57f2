// Builds what a checkout needs to run: generated sources and the program's bundles in dist/bin/. Runs after `npm ci`; does nothing
// in a package that was installed without its development tools. With `--modules` (npm run build, npm test) it also checks the
// types and compiles every module into dist/, which takes ten times as long and which only the tests need.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const TSC = "node_modules/typescript/bin/tsc";
if (!existsSync("tsconfig.json") || !existsSync(TSC)) process.exit(0);
// `npx flyteops` in a checkout links the checkout into npm's cache, and would silently build it once more first.
if (process.env.npm_command === "exec" && existsSync("dist/bin/flyteops.js")) process.exit(0);

const modules = process.argv.includes("--modules") ? [[TSC, "-p", "."]] : [];
const steps = [["scripts/copy-proto.mjs"], ["scripts/builtin-schemas.mjs"], ...modules, ["scripts/bundle.mjs"]];
for (const [program, ...args] of steps) {
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: "inherit" });
  if (status !== 0) {
    console.error(`prepare: ${program} failed`);
    process.exit(status ?? 1);
  }
}
