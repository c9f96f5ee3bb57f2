/** npm run test:stores: every suite of this folder against each server that runs here, and a list of those that do not. */
import { spawnSync } from "node:child_process";
import { BACKENDS, backend, type BackendName, CannotRun, closeBackends } from "./backends.ts";

const NAMES: Readonly<Record<BackendName, string>> = { s3: "S3", gs: "GOOGLE CLOUD STORAGE", abfs: "AZURE BLOB STORAGE" };

const missing = new Map<BackendName, string>();
for (const name of BACKENDS) {
  const why = await backend(name).then(
    () => undefined,
    (thrown: unknown) => {
      if (!(thrown instanceof CannotRun)) throw thrown;
      return thrown.message;
    },
  );
  if (why !== undefined) missing.set(name, why);
}
await closeBackends();

const chosen = BACKENDS.filter((name) => !missing.has(name));
const files = process.argv.length > 2 ? process.argv.slice(2) : ["test/stores/**/*.stores.ts"];
const { status } = spawnSync(
  process.execPath,
  ["node_modules/mocha/bin/mocha.js", "--import=tsx", "--timeout=60000", "--forbid-only", "--reporter=dot", ...files],
  { stdio: "inherit", env: { ...process.env, FLYTEOPS_STORES: chosen.join(",") } },
);
console.log(`ran against: ${chosen.map((name) => NAMES[name]).join(", ") || "nothing"}`);
for (const [name, why] of missing) console.log(`NOT RUN: ${NAMES[name]}: ${why}`);
console.log("NOT RUN: AMAZON, GOOGLE AND AZURE THEMSELVES: no account; their identities (roles, workload identity) are tried against stand-ins only");
process.exit(status ?? 1);
