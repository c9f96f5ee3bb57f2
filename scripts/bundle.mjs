// Bundles the programs: a copilot starts twice per pod, and one file starts twice as fast as five hundred.
// Packages with native parts or with files of their own stay outside the bundle.
import { build } from "esbuild";
import { isBuiltin } from "node:module";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { externals, neverBundled } from "./bundle-externals.mjs";

/**
 * A CommonJS package that is imported on demand becomes a file of its own, and esbuild gives that file a default export
 * only. This puts a module with the package's names before it.
 */
const namedOnDemand = {
  name: "names of packages imported on demand",
  setup(build) {
    build.onResolve({ filter: /^[^./]/, namespace: "file" }, async ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import" || isBuiltin(path)) return undefined;
      const { external } = await build.resolve(path, { resolveDir, kind: "import-statement" });
      return external ? undefined : { path, namespace: "on-demand", pluginData: resolveDir };
    });
    build.onLoad({ filter: /.*/, namespace: "on-demand" }, async ({ path, pluginData }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default" && name !== "module.exports");
      return { contents: `import * as all from ${JSON.stringify(path)};\nexport const { ${names.join(", ")} } = all;`, resolveDir: pluginData };
    });
  },
};

const outdir = "dist/bin";
const entryPoints = { flyteops: "cmd/flyteops.ts", "cel-worker": "cel/worker.ts" };
const { outputFiles } = await build({
  write: false,
  entryPoints,
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "linked",
  legalComments: "none",
  logLevel: "warning",
  plugins: [namedOnDemand],
  external: [...externals, ...neverBundled],
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
// Somebody may run the program meanwhile: what is as it was is left alone, nothing is ever missing, and what names a file comes after it.
const isEntry = ({ path }) => basename(path, ".js") in entryPoints;
mkdirSync(outdir, { recursive: true });
for (const { path, contents } of [...outputFiles].sort((left, right) => isEntry(left) - isEntry(right))) {
  const name = basename(path);
  const target = join(outdir, name);
  if (existsSync(target) && readFileSync(target).equals(contents)) continue;
  writeFileSync(`${target}.new`, contents, { mode: name === "flyteops.js" ? 0o755 : 0o644 });
  renameSync(`${target}.new`, target);
}
const current = new Set(outputFiles.map(({ path }) => basename(path)));
for (const name of readdirSync(outdir)) if (!current.has(name)) rmSync(join(outdir, name), { recursive: true, force: true });
