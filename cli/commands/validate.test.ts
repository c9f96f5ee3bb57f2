import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../base/index.ts";
import { realClock, scratchDirectory, scratchRepository, type ScratchRepository } from "../../gitops/testing/scratch-repository.ts";
import type { CliDeps } from "../context.ts";
import { runCli } from "../program.ts";
import { registerValidate } from "./validate.ts";

const PROJECT = "apiVersion: flyte.org/v1\nkind: Project\nmetadata: {name: ml}\nspec: {domains: [development]}\n";
const task = (name: string, more = "") => `apiVersion: flyte.org/v1
kind: Task
metadata: {name: ${name}, namespace: ml-development}
spec:
  type: container
  container: {image: "node:22", command: [node, x.js]}
${more}`;

async function flyteops(cwd: string, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const terminal = (stream: "out" | "err") => ({ write: (text: string) => void (said[stream] += text), isTty: false, columns: 0, rows: 0 });
  const deps: CliDeps = {
    clock: realClock,
    random: seededRandom(1),
    out: terminal("out"),
    err: terminal("err"),
    env: process.env,
    cwd,
    signal: new AbortController().signal,
    version: "0.0.0",
  };
  const code = await runCli(["validate", ...argv], deps, [registerValidate]);
  return { code, ...said };
}

describe("flyteops validate", function () {
  this.timeout(20_000);
  let repository: ScratchRepository;
  beforeEach(() => {
    repository = scratchRepository();
    repository.commit({ "project.yaml": PROJECT, "flows/t.yaml": task("t", "  code: {path: /src}\n"), "src/x.js": "" });
  });
  afterEach(() => repository.remove());
  const write = (path: string, text: string) => {
    mkdirSync(join(repository.root, path, ".."), { recursive: true });
    writeFileSync(join(repository.root, path), text);
  };

  it("says that a repository is valid", async () => {
    assert.deepEqual(await flyteops(repository.root), { code: 0, out: "2 objects in 2 files valid\n", err: "" });
  });

  it("looks at the files on disk, as the reader would type their paths", async () => {
    write("flows/t.yaml", task("t", "  retries: {limit: many}\n  nonsense: 1\n"));
    const { code, out } = await flyteops(join(repository.root, "flows"));
    assert.equal(code, 1);
    assert.match(out, /^t\.yaml:7:20: error: .*\[WrongType\]\nt\.yaml:8:3: error: .*nonsense.*\[UnknownField\]\n0 objects in 1 file valid; 2 errors\n$/);
  });

  it("looks at a commit when told to", async () => {
    write("flows/t.yaml", task("t", "  nonsense: 1\n"));
    assert.equal((await flyteops(repository.root, "--ref", "HEAD")).code, 0);
    assert.equal((await flyteops(repository.root)).code, 1);
    assert.deepEqual(await flyteops(repository.root, "--ref", "nowhere").then(({ code, err }) => [code, /nowhere is not a commit/.test(err)]), [2, true]);
    assert.equal((await flyteops(repository.root, "--ref", "--output=/tmp/x")).code, 2);
  });

  it("prints JSON, and annotations for GitHub", async () => {
    write("flows/t.yaml", task("t", "  nonsense: 1\n"));
    const { problems } = JSON.parse((await flyteops(repository.root, "-o", "json")).out) as { problems: { file: string; line: number; code: string }[] };
    assert.deepEqual(
      problems.map(({ file, line, code }) => [file, line, code]),
      [["flows/t.yaml", 7, "UnknownField"]],
    );
    const { code, out } = await flyteops(join(repository.root, "flows"), "-o", "github");
    assert.equal(code, 1);
    assert.match(out, /^::error file=flows\/t\.yaml,line=7,col=3,title=UnknownField::unknown field "nonsense"/);
  });

  it("leaves out what git ignores, and what is deleted", async () => {
    write(".gitignore", "ignored/\n");
    write("ignored/bad.yaml", "apiVersion: flyte.org/v1\nkind: [\n");
    execFileSync("rm", [join(repository.root, "project.yaml")]);
    assert.deepEqual((await flyteops(repository.root)).out, "1 object in 1 file valid\n");
  });

  it("never reads through a link", async () => {
    const secret = scratchDirectory();
    writeFileSync(join(secret.path, "secret.yaml"), PROJECT.replace("name: ml", "name: secret"));
    repository.link("linked.yaml", join(secret.path, "secret.yaml"));
    repository.link("folder", secret.path);
    const { code, out } = await flyteops(repository.root);
    assert.equal(code, 1);
    assert.match(out, /folder:1:1: error|linked\.yaml:1:1: error: linked\.yaml is a symbolic link/);
    assert.match(out, /^2 objects in 3 files valid/m);
    secret.remove();
  });

  it("looks at a plain directory too", async () => {
    const plain = scratchDirectory();
    writeFileSync(join(plain.path, "project.yaml"), PROJECT);
    assert.equal((await flyteops(plain.path)).out, "1 object in 1 file valid\n");
    assert.equal((await flyteops(plain.path, "--ref", "main")).code, 2);
    plain.remove();
  });

  it("checks as a project's repository", async () => {
    write("flows/t.yaml", task("t").replace(", namespace: ml-development", ""));
    const { code, err } = await flyteops(repository.root, "flows");
    assert.equal(code, 1);
    assert.match(err, /--project <project> --domain <domain>/);
    assert.equal((await flyteops(repository.root, "flows", "--project", "ml", "--domain", "development")).code, 0);
    assert.match((await flyteops(repository.root, "--project", "ml", "--domain", "development")).out, /\[KindNotAllowed\]/);
  });

  it("answers wrong usage with 2", async () => {
    assert.equal((await flyteops(repository.root, "nowhere")).code, 2);
    assert.equal((await flyteops(repository.root, "-o", "xml")).code, 2);
    assert.equal((await flyteops(repository.root, "--project", "ml")).code, 2);
    assert.equal((await flyteops(repository.root, "--nonsense")).code, 2);
  });

  it("starts no program that a repository names", async () => {
    const proof = join(repository.root, "..", `proof-${process.pid}`);
    repository.git("config", "core.fsmonitor", `touch ${proof};`);
    assert.equal((await flyteops(repository.root)).code, 0);
    assert.throws(() => execFileSync("ls", [proof], { stdio: "ignore" }));
  });
});
