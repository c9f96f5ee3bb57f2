// npm start: makes a git repository of the first example (once; your edits in it stay), builds what is not built, and follows it.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";

const repository = "penguins";
const git = (...args) => {
  const { status, error } = spawnSync("git", ["-C", repository, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  if (error?.code === "ENOENT") {
    console.error("git is not installed: it is the one program that flyteops needs");
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
};

if (!existsSync("dist/bin/flyteops.js")) {
  const { status } = spawnSync(process.execPath, ["scripts/prepare.mjs"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
if (!existsSync(`${repository}/.git`)) {
  cpSync("examples/penguins", repository, { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("-c", "user.name=flyteops", "-c", "user.email=example@flyteops.invalid", "commit", "--quiet", "--message=The penguins example");
}

const up = spawn(process.execPath, ["dist/bin/flyteops.js", "up", "--repo", repository, ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal sends Ctrl-C to both of us; the one that holds the state stops first.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => up.kill("SIGTERM"));
up.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 0) : 130));
