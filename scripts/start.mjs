// npm start: makes a git repository of the first example (once; your edits in it stay), builds what is not built, and follows it.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const repository = "penguins";
const program = resolve("dist/bin/flyteops.js");

function git(...args) {
  const { status, error, stdout } = spawnSync("git", ["-C", repository, ...args], { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (error?.code === "ENOENT") {
    console.error("git is not installed, or not on PATH: it is the one program that flyteops needs");
    process.exit(1);
  }
  return { ok: status === 0, text: stdout?.trim() ?? "" };
}

function mustGit(...args) {
  if (git(...args).ok) return;
  console.error(`git ${args.join(" ")} failed in ${resolve(repository)}; delete that directory to begin again`);
  process.exit(1);
}

/** Whoever has told git no name yet can commit to the example nevertheless. */
function introduce() {
  if (git("config", "user.email").text !== "") return;
  mustGit("config", "user.name", "flyteops example");
  mustGit("config", "user.email", "example@flyteops.invalid");
}

if (!existsSync(program)) {
  const { status } = spawnSync(process.execPath, ["scripts/prepare.mjs"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
const begun = existsSync(`${repository}/.git`);
if (!begun) {
  cpSync("examples/penguins", repository, { recursive: true });
  mustGit("init", "--quiet", "--initial-branch=main");
}
if (!begun || !git("rev-parse", "--verify", "--quiet", "HEAD").ok) {
  introduce();
  mustGit("add", "--all");
  // Neither the signing key nor the hooks of whoever starts it belong to an example.
  mustGit("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message=The penguins example");
}

// In this process, so that Ctrl-C and signals reach the one that holds the state.
process.argv = [process.execPath, program, "up", "--repo", repository, ...process.argv.slice(2)];
await import(pathToFileURL(program).href);
