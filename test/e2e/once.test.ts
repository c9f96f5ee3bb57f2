import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { project, run, shellTask, yaml } from "./support/manifests.ts";
import { type Bench, bench, upOnce } from "./support/product.ts";
import { expectExit, flyteops } from "./support/program.ts";
import { penguins, repository } from "./support/repository.ts";

describe("flyteops up --once", function () {
  this.timeout(60_000);
  let on: Bench;
  beforeEach(() => {
    on = bench();
  });
  afterEach(() => on.clear());

  it("runs the penguins example: one document on standard output, progress on standard error, exit code 0", async () => {
    const { document, ended } = await upOnce(on, { repo: penguins(on.path("penguins")).path }, 0);
    assert.deepEqual(document.problems, []);
    assert.equal(document.runs.length, 1);
    const [first] = document.runs;
    assert.deepEqual(
      { ...first, outputs: Object.keys(first?.outputs ?? {}).sort() },
      {
        namespace: "ml-development",
        name: "penguins-first",
        phase: "Succeeded",
        outputs: ["accuracy", "model", "page", "plot", "summary"],
      },
    );
    assert.ok(Number(first?.outputs["accuracy"]) > 0.9 && Number(first?.outputs["accuracy"]) <= 1);
    const plot = readFileSync(fileURLToPath(String(first?.outputs["plot"])), "utf8");
    assert.match(plot, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.ok((plot.match(/<title>/g) ?? []).length > 300, "a mark for every penguin");
    assert.match(ended.err, /synced main@[0-9a-f]{7} {2}\d+ objects/);
    assert.match(ended.err, /image docker\.io\/library\/node:22 is not used on this machine; 'node' is \/.* v\d+/);
    const picture = ended.err.trimEnd().split("\n").at(-1)?.trim() ?? "";
    assert.match(picture, /plot\.svg$/);
    assert.ok(existsSync(picture), "the last line is a path that can be opened");
  });

  it("ends with 1 when a declared Run fails or a file has a mistake: says both with their places, and still prints the document", async () => {
    const { path } = repository(on.path("repo"), {
      "project.yaml": project(),
      "flow.yaml": yaml(
        shellTask("seven", "echo about to break; exit 7"),
        shellTask("fine", 'printf 42 > "$FLYTEOPS_OUTPUTS/answer"', { outputs: { answer: "integer" } }),
        run("breaks", { task: "seven" }),
        run("works", { task: "fine" }),
      ),
      "bad.yaml": "apiVersion: flyte.org/v1\nkind: Task\nmetadata: {name: bad, namespace: ml-development}\nspec:\n  type: container\n  contaner: {}\n",
    });
    const { document, ended } = await upOnce(on, { repo: path }, 1);
    const byName = Object.fromEntries(document.runs.map((found) => [found.name, found]));
    assert.deepEqual(byName["works"], { namespace: "ml-development", name: "works", phase: "Succeeded", outputs: { answer: 42 } });
    assert.deepEqual([byName["breaks"]?.phase, byName["breaks"]?.error?.code], ["Failed", "ExitCode"]);
    assert.match(ended.err, /exit code 7[^]*task seven at flow\.yaml:1[^]*│ about to break/);
    assert.ok(document.problems.some(({ file, line, column }) => `${file}:${line}:${column}` === "bad.yaml:6:3"));
    assert.match(ended.err, /bad\.yaml:6:3: .*contaner/);
  });

  it("refuses what is no repository, with the commands that make it one", async () => {
    const plain = on.path("plain directory");
    mkdirSync(plain);
    writeFileSync(`${plain}/a.yaml`, "a: 1\n");
    const refused = await expectExit(2, flyteops(["up", "--once", "--repo", plain, "--state", on.path("state")], { cwd: on.directory, env: on.env }));
    assert.match(refused.err, /plain directory is not a git repository; flyteops follows commits/);
    assert.match(refused.err, /git -C 'plain directory' init -b main && git -C 'plain directory' add -A && git -C 'plain directory' commit -m "First version"/);
    assert.equal(refused.out, "");
    assert.ok(!existsSync(on.path("state")), "nothing is made for a command that is refused");
  });

  it("refuses a repository without a commit, and a branch that does not exist, each in its own words", async () => {
    const { git, path } = repository(on.path("repo"), { "project.yaml": project() });
    mkdirSync(on.path("empty"));
    git("-C", on.path("empty"), "init", "--quiet");
    const empty = await expectExit(2, flyteops(["up", "--once", "--repo", on.path("empty")], { cwd: on.directory, env: on.env }));
    assert.match(empty.err, /empty has no commit yet/);
    const { ended, document } = await upOnce(on, { repo: path, args: ["--branch", "nowhere"] }, 1);
    assert.match(ended.err, /nowhere/);
    assert.match(JSON.stringify(document.problems), /nowhere/);
  });
});
