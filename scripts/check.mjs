// npm run check: everything that can be said about the sources without running the product.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const tsx = ["--import", "tsx"];
const checks = [
  ["format", "node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", "--cache", "--cache-location=dist/.prettiercache", "."],
  ["layers", ...tsx, "scripts/layers.ts"],
  ["generated files", ...tsx, "scripts/generate.ts", "--check"],
  ["types", "node_modules/typescript/bin/tsc", "-p", ".", "--noEmit"],
  ["lint", "node_modules/eslint/bin/eslint.js", "--max-warnings=0", "--cache", "--cache-location=dist/.eslintcache", "."],
  ["lock file", "scripts/complete-lock.mjs", "--check"],
  ["examples", ...tsx, "cmd/flyteops.ts", "validate", "examples/penguins"],
];
let failed = 0;
for (const [name, ...command] of checks) {
  const started = performance.now();
  if (name === "types" && !existsSync("proto/gen")) spawnSync(process.execPath, ["scripts/copy-proto.mjs"], { stdio: "inherit" });
  const { status } = spawnSync(process.execPath, command, { stdio: ["ignore", "inherit", "inherit"] });
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed += 1;
}
console.log(failed === 0 ? "all checks passed" : `${failed} of ${checks.length} checks failed`);
process.exit(failed === 0 ? 0 : 1);
