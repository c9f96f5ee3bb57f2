// Builds what a checkout needs to run: generated sources, compiled modules in dist/, program bundles in dist/bin/.
// Runs after `npm ci` and before the tests; does nothing in a package that was installed without its development tools.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

if (!existsSync("tsconfig.json") || !existsSync("node_modules/typescript/bin/tsc")) process.exit(0);

const steps = [["scripts/copy-proto.mjs"], ["scripts/builtin-schemas.mjs"], ["node_modules/typescript/bin/tsc", "-p", "."], ["scripts/bundle.mjs"]];
for (const [program, ...args] of steps) {
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: "inherit" });
  if (status !== 0) {
    console.error(`prepare: ${program} failed`);
    process.exit(status ?? 1);
  }
}
