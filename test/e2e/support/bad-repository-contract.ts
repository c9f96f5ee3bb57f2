import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { type GitSync, TaskKind, WorkflowKind } from "../../../crds/index.ts";
import { conditionIn, type Follow, type Followed, handled as handledBy } from "./followed.ts";
import { manifestsOf, yaml } from "./manifests.ts";
import { environment, flyteops } from "./program.ts";
import type { Repository } from "./repository.ts";

const HEAD = "apiVersion: flyte.org/v1\n";
const CONTAINER = "  container: {image: busybox, command: [true]}\n".replace("[true]", '["true"]');

/** A YAML file of ten levels, each nine times the one before: 9^10 values. */
const bomb = (METADATA: string): string =>
  `${HEAD}kind: Task\n${METADATA}l0: &l0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(", ")}]\n`).join("")}`;

interface Row {
  readonly file: string;
  readonly text: string;
  /** Where the terminal and the status say it is: `line:column`, or only the line. */
  readonly at: string;
  readonly says: RegExp;
}

/** What may be wrong with a manifest, where that is, and what is said of it. */
function rowsOf(namespace: string): Readonly<Record<string, Row>> {
  const METADATA = `metadata: {name: bad, namespace: ${namespace}}\n`;
  return {
    "YAML that ends in the middle": { file: "bad.yaml", text: `${HEAD}kind: Task\n${METADATA}spec: {type: container\n`, at: "5", says: /./ },
    "a tab for indentation": { file: "bad.yaml", text: `${HEAD}kind: Task\n${METADATA}spec:\n\ttype: container\n`, at: "5:1", says: /tab/i },
    "a bomb of aliases": { file: "bomb.yaml", text: bomb(METADATA), at: "", says: /alias/i },
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
}

/** What is said of a repository with mistakes, as tests of what follows it. */
export function mistakesAreNamed(projectName: string, follow: Follow): void {
  const { namespace: NAMESPACE, project, shellTask, workflow } = manifestsOf(projectName);
  const ROWS = rowsOf(NAMESPACE);
  let followed: Followed;
  let repo: Repository;
  let product: Followed["product"];
  const handled = (commit: string) => handledBy(followed, commit);
  const mistakesIn = ({ status }: GitSync) => status?.problems?.filter(({ severity }) => severity !== "warning") ?? [];

  before(async () => {
    const files = {
      "project.yaml": project(),
      "good.yaml": yaml(
        shellTask("fine", "exit 0"),
        shellTask("takes", "exit 0", { inputs: { count: "integer" } }),
        shellTask("reads", "exit 0", { inputs: { f: "file" } }),
        workflow("good", { nodes: { a: { task: "fine" } } }),
      ),
      "notes.yaml": "just: a file\n",
      "broken-but-not-ours.yaml": "{{ template }}\n",
    };
    followed = await follow(files, ({ path }) => {
      mkdirSync(`${path}/linked`);
      symlinkSync("/etc/passwd", `${path}/linked/secrets`);
      symlinkSync("/etc/passwd", `${path}/secrets`);
      symlinkSync("..", `${path}/loop`);
    });
    ({ repo, product } = followed);
    assert.deepEqual(mistakesIn(await handled(repo.git("rev-parse", "HEAD"))), []);
  });

  for (const [name, row] of Object.entries(ROWS)) {
    it(`names the place of ${name}, and leaves everything else as it is`, async () => {
      const since = followed.program?.text().length;
      repo.write({ [row.file]: row.text });
      const sync = await handled(repo.commit());
      const [problem] = mistakesIn(sync);
      assert.ok(problem, "a problem in the status");
      assert.equal(problem.file, row.file);
      assert.match(`${problem.message}`, row.says);
      assert.ok(`${problem.line}:${problem.column}`.startsWith(row.at), `at ${problem.line}:${problem.column} instead of ${row.at}: ${problem.message}`);
      assert.equal(conditionIn(sync.status, "Ready")?.status, "False");
      await followed.program?.says(new RegExp(`${row.file.replace(".", "\\.")}:${problem.line}:${problem.column}: `), since);
      const kinds = await Promise.all([product.client.list(TaskKind, { namespace: NAMESPACE }), product.client.list(WorkflowKind, { namespace: NAMESPACE })]);
      assert.deepEqual(
        kinds.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)),
        ["fine", "reads", "takes", "good"],
      );
      repo.remove(row.file);
      assert.deepEqual(mistakesIn(await handled(repo.commit())), []);
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
    const told = mistakesIn(await handled(repo.commit())).map(({ file, line, column, message }) => `${file}:${line}:${column}: error: ${message}`);
    for (const index of files.keys())
      assert.ok(
        told.some((line) => line.startsWith(`bad-${index}.yaml:`)),
        `bad-${index}.yaml is told of`,
      );
    const validate = await flyteops(["validate", repo.path], { cwd: repo.path, env: environment(repo.path) });
    assert.equal(validate.code, 1);
    for (const line of told) assert.ok((validate.out + validate.err).includes(line), line);
    repo.remove(...[...files.keys()].map((index) => `bad-${index}.yaml`));
    await handled(repo.commit());
  });
}
