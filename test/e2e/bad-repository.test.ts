import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { GitSyncKind, type GitSync, TaskKind, WorkflowKind } from "../../crds/index.ts";
import { project, shellTask, workflow, yaml } from "./support/manifests.ts";
import { type Bench, bench, NAMESPACE, type Product, up } from "./support/product.ts";
import { environment, flyteops } from "./support/program.ts";
import { type Repository, repository } from "./support/repository.ts";

const HEAD = "apiVersion: flyte.org/v1\n";
const METADATA = "metadata: {name: bad, namespace: ml-development}\n";
const CONTAINER = "  container: {image: busybox, command: [true]}\n".replace("[true]", '["true"]');

/** A YAML file of ten levels, each nine times the one before: 9^10 values. */
const bomb = `${HEAD}kind: Task\n${METADATA}l0: &l0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(", ")}]\n`).join("")}`;

interface Row {
  readonly file: string;
  readonly text: string;
  /** Where the terminal and the status say it is: `line:column`, or only the line. */
  readonly at: string;
  readonly says: RegExp;
}

const ROWS: Readonly<Record<string, Row>> = {
  "YAML that ends in the middle": { file: "bad.yaml", text: `${HEAD}kind: Task\n${METADATA}spec: {type: container\n`, at: "5", says: /./ },
  "a tab for indentation": { file: "bad.yaml", text: `${HEAD}kind: Task\n${METADATA}spec:\n\ttype: container\n`, at: "5:1", says: /tab/i },
  "a bomb of aliases": { file: "bomb.yaml", text: bomb, at: "", says: /alias/i },
  "a document that is too large": { file: "large.yaml", text: `${HEAD}kind: Task\n${METADATA}# ${"x".repeat(9 * 1024 * 1024)}\n`, at: "1:1", says: /bytes/ },
  "an unknown kind": { file: "bad.yaml", text: `${HEAD}kind: Taks\n${METADATA}`, at: "2:7", says: /Taks[^]*Task/ },
  "an unknown field": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n${CONTAINER}  retires: {limit: 2}\n`,
    at: "7:3",
    says: /retires[^]*retries/,
  },
  "a value of the wrong type": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n${CONTAINER}  retries: {limit: many}\n`,
    at: "7:20",
    says: /whole number/,
  },
  "a type that does not exist": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n  inputs: {x: integr}\n${CONTAINER}`,
    at: "6:15",
    says: /integr/,
  },
  "a reference to a task that is not there": {
    file: "bad.yaml",
    text: `${HEAD}kind: Workflow\n${METADATA}spec:\n  nodes:\n    a: {task: nowhere}\n`,
    at: "6:15",
    says: /nowhere/,
  },
  "a binding of the wrong type": {
    file: "bad.yaml",
    text: `${HEAD}kind: Workflow\n${METADATA}spec:\n  inputs: {x: string}\n  nodes:\n    a: {task: takes, inputs: {count: {from: inputs.x}}}\n`,
    at: "7:45",
    says: /string[^]*integer|integer[^]*string/,
  },
  "a missing input": { file: "bad.yaml", text: `${HEAD}kind: Workflow\n${METADATA}spec:\n  nodes:\n    a: {task: takes}\n`, at: "6", says: /count/ },
  "a graph with a cycle": {
    file: "bad.yaml",
    text: `${HEAD}kind: Workflow\n${METADATA}spec:\n  nodes:\n    a: {task: fine, after: [b]}\n    b: {task: fine, after: [a]}\n`,
    at: "",
    says: /a needs b needs a/,
  },
  "code outside the repository": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n${CONTAINER}  code: {path: ../../etc}\n`,
    at: "7:16",
    says: /\.\.\/\.\.\/etc/,
  },
  "code that is not there": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n${CONTAINER}  code: {path: nowhere/}\n`,
    at: "7:16",
    says: /nowhere/,
  },
  "code with a link that leaves it": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n${CONTAINER}  code: {path: linked/}\n`,
    at: "7:16",
    says: /linked\/secrets/,
  },
  "an input of a file that is a link": {
    file: "bad.yaml",
    text: `${HEAD}kind: Run\n${METADATA}spec: {task: reads, inputs: {f: {file: secrets}}}\n`,
    at: "4:40",
    says: /secrets/,
  },
  "a namespace of nobody": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\nmetadata: {name: bad}\nspec:\n  type: container\n${CONTAINER}`,
    at: "",
    says: /namespace/,
  },
  "a status in git": {
    file: "bad.yaml",
    text: `${HEAD}kind: Task\n${METADATA}spec:\n  type: container\n${CONTAINER}status: {x: 1}\n`,
    at: "7:1",
    says: /status/,
  },
};

describe("a repository with mistakes", function () {
  this.timeout(60_000);
  let on: Bench;
  let repo: Repository;
  let product: Product;

  const handled = (commit: string) =>
    product.sees<GitSync>(GitSyncKind, { namespace: "flyteops-system", name: "platform" }, (found) => {
      const ready = found?.status?.conditions?.find(({ type }) => type === "Ready");
      return `${found?.status?.attemptedRevision ?? found?.status?.revision}`.endsWith(commit) && ready !== undefined && ready.status !== "Unknown";
    });

  before(async () => {
    on = bench();
    repo = repository(on.path("repo"), {
      "project.yaml": project(),
      "good.yaml": yaml(
        shellTask("fine", "exit 0"),
        shellTask("takes", "exit 0", { inputs: { count: "integer" } }),
        shellTask("reads", "exit 0", { inputs: { f: "file" } }),
        workflow("good", { nodes: { a: { task: "fine" } } }),
      ),
      "notes.yaml": "just: a file\n",
      "broken-but-not-ours.yaml": "{{ template }}\n",
    });
    mkdirSync(`${repo.path}/linked`);
    symlinkSync("/etc/passwd", `${repo.path}/linked/secrets`);
    symlinkSync("/etc/passwd", `${repo.path}/secrets`);
    symlinkSync("..", `${repo.path}/loop`);
    repo.commit();
    product = await up(on, { repo: repo.path });
    const { status } = await handled(repo.git("rev-parse", "HEAD"));
    assert.deepEqual(
      status?.problems?.filter(({ severity }) => severity !== "warning"),
      [],
    );
  });
  after(() => on.clear());

  for (const [name, row] of Object.entries(ROWS)) {
    it(`names the place of ${name}, and leaves everything else as it is`, async () => {
      const since = product.program.text().length;
      repo.write({ [row.file]: row.text });
      const { status } = await handled(repo.commit());
      const found = status?.problems?.filter(({ severity }) => severity !== "warning") ?? [];
      assert.notEqual(found.length, 0, "a problem in the status");
      const [problem] = found;
      assert.equal(problem?.file, row.file);
      assert.match(`${problem?.message}`, row.says);
      assert.ok(`${problem?.line}:${problem?.column}`.startsWith(row.at), `at ${problem?.line}:${problem?.column} instead of ${row.at}: ${problem?.message}`);
      assert.equal(status?.conditions?.find(({ type }) => type === "Ready")?.status, "False");
      await product.program.says(new RegExp(`${row.file.replace(".", "\\.")}:${problem?.line}:${problem?.column}: `), since);
      const kinds = await Promise.all([product.client.list(TaskKind, { namespace: NAMESPACE }), product.client.list(WorkflowKind, { namespace: NAMESPACE })]);
      assert.deepEqual(
        kinds.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)),
        ["fine", "reads", "takes", "good"],
      );
      repo.remove(row.file);
      assert.equal((await handled(repo.commit())).status?.problems?.filter(({ severity }) => severity !== "warning").length ?? 0, 0);
    });
  }

  it("does not follow a manifest that is a link", async () => {
    symlinkSync("/etc/passwd", `${repo.path}/link.yaml`);
    const { status } = await handled(repo.commit());
    assert.deepEqual(
      status?.problems?.map(({ file, line, column, code }) => [file, line, column, code]),
      [["link.yaml", 1, 1, "LinkNotAllowed"]],
    );
    repo.remove("link.yaml");
    await handled(repo.commit());
  });

  it("tells of all mistakes at once, and `validate` says the same words", async () => {
    const files = Object.values(ROWS).slice(4, 12);
    repo.write(Object.fromEntries(files.map(({ text }, index) => [`bad-${index}.yaml`, text.replace("name: bad", `name: bad-${index}`)])));
    const { status } = await handled(repo.commit());
    const told =
      status?.problems
        ?.filter(({ severity }) => severity !== "warning")
        .map(({ file, line, column, message }) => `${file}:${line}:${column}: error: ${message}`) ?? [];
    for (const index of files.keys())
      assert.ok(
        told.some((line) => line.startsWith(`bad-${index}.yaml:`)),
        `bad-${index}.yaml is told of`,
      );
    const validate = await flyteops(["validate", repo.path], { cwd: on.directory, env: environment(on.directory) });
    assert.equal(validate.code, 1);
    for (const line of told) assert.ok((validate.out + validate.err).includes(line), line);
    repo.remove(...[...files.keys()].map((index) => `bad-${index}.yaml`));
    await handled(repo.commit());
  });

  it("says so when a repository is empty, holds nothing of ours, or cannot be reached", async () => {
    const other = bench();
    on.defer(() => other.clear());
    const bare = other.path("bare.git");
    repo.git("init", "--quiet", "--bare", bare);
    const readme = repository(other.path("readme"), { "README.md": "nothing to run\n" });
    const once = (repository: string, index: number) =>
      flyteops(["up", "--once", "-o", "json", "--state", other.path(`state-${index}`), "--repo", repository], { cwd: other.directory, env: other.env });
    const [empty, absent, unreachable, nothing] = await Promise.all(
      [`file://${bare}`, `file://${other.path("nowhere")}`, "https://127.0.0.1:9/x.git", readme.path].map(once),
    );
    assert.match(`${empty?.err}`, /has no commit yet/);
    assert.match(`${absent?.err}`, /nowhere/);
    assert.equal(unreachable?.code, 1);
    assert.match(`${unreachable?.err}`, /127\.0\.0\.1:9\/x\.git: the server cannot be reached/);
    assert.deepEqual([nothing?.code, JSON.parse(`${nothing?.out}`)], [0, { runs: [], problems: [] }]);
  });
});
