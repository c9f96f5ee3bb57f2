import assert from "node:assert/strict";
import { Failure } from "../../base/index.ts";
import { formatProblem } from "../problem.ts";
import { type MemoryFile, memoryTree } from "../testing/memory-tree.ts";
import type { CheckOptions } from "./check-result.ts";
import { checkRepository, repositoryChecker } from "./repository-checker.ts";

const task = (name: string, more = "") => `apiVersion: flyte.org/v1
kind: Task
metadata: {name: ${name}, namespace: ml-development}
spec:
  type: container
  inputs: {rate: {type: float, default: 0.1}, data: file<csv>}
  outputs: {loss: float}
  container: {image: "node:22", command: [node, train.js]}
${more}`;
const workflow = `apiVersion: flyte.org/v1
kind: Workflow
metadata: {name: iris, namespace: ml-development}
spec:
  inputs: {dataset: file<csv>, folds: {type: integer, default: 5}}
  outputs: {loss: {type: float, from: nodes.train.outputs.loss}}
  nodes:
    train: {task: train, inputs: {data: {from: inputs.dataset}, rate: {expr: "double(inputs.folds) * 0.1"}}}
`;
const run = (spec: string, name = "first") => `apiVersion: flyte.org/v1
kind: Run
metadata: {name: ${name}, namespace: ml-development}
spec: ${spec}
`;
const project = (...prefixes: string[]) => `apiVersion: flyte.org/v1
kind: Project
metadata: {name: ml}
spec: {domains: [development], dataPrefixes: ${JSON.stringify(prefixes)}}
`;
const good: Record<string, MemoryFile> = {
  "tasks/train.yaml": task("train", "  code: {path: src/}\n"),
  "workflows/iris.yaml": workflow,
  "runs/first.yaml": run("{workflow: iris, inputs: {dataset: {file: data/iris.csv}, folds: 3}}"),
  "src/train.js": "x",
  "data/iris.csv": "a,b\n",
};

const check = (files: Record<string, MemoryFile>, options: CheckOptions = {}) => checkRepository(memoryTree(files), options);
const said = async (files: Record<string, MemoryFile>, options: CheckOptions = {}) =>
  (await check(files, options)).problems.map((problem) => `${problem.code} ${formatProblem(problem)}`);

describe("checking a repository", () => {
  it("answers valid objects in the order to apply them, with the files they name", async () => {
    const result = await check(good);
    assert.deepEqual(result.problems, []);
    assert.deepEqual(
      result.objects.map(({ kind, name, file }) => [kind, name, file]),
      [
        ["Task", "train", "tasks/train.yaml"],
        ["Workflow", "iris", "workflows/iris.yaml"],
        ["Run", "first", "runs/first.yaml"],
      ],
    );
    assert.deepEqual(
      result.objects.flatMap(({ references }) => references.map(({ kind, path, at }) => [kind, path, at.join(".")])),
      [
        ["code", "src", "spec.code"],
        ["file", "data/iris.csv", "spec.inputs.dataset"],
      ],
    );
  });

  const wrong: Record<string, [Record<string, MemoryFile>, RegExp, CheckOptions?]> = {
    "an unknown kind": [{ "a.yaml": "apiVersion: flyte.org/v1\nkind: Tusk\nmetadata: {name: x}\n" }, /^UnknownKind a\.yaml:2:7: .*did you mean Task\?$/],
    "an unknown version": [{ "a.yaml": "apiVersion: flyte.org/v2\nkind: Task\nmetadata: {name: x}\n" }, /^UnknownVersion a\.yaml:1:13/],
    "another group": [{ "a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n" }, /^KindNotAllowed a\.yaml:2:7/],
    "a kind that controllers make": [{ "a.yaml": "apiVersion: flyte.org/v1\nkind: TaskAction\nmetadata: {name: x}\n" }, /^KindNotAllowed a\.yaml:2:7/],
    "an unknown field": [{ "a.yaml": task("x", "  containr: {}\n") }, /^UnknownField a\.yaml:9:3: .*containr/],
    "a wrong type": [{ "a.yaml": task("x", "  retries: {limit: many}\n") }, /^WrongType a\.yaml:9:20/],
    "a status": [{ "a.yaml": `${task("x")}status: {}\n` }, /^StatusNotAllowed a\.yaml:9:1/],
    "a uid": [{ "a.yaml": task("x").replace("{name: x,", "{name: x, uid: abc,") }, /^FieldNotAllowed a\.yaml:3:21/],
    "a label of ours": [{ "a.yaml": task("x").replace("{name: x,", "{name: x, labels: {flyte.org/sync-uid: abc},") }, /^FieldNotAllowed a\.yaml:3:30/],
    "no namespace at platform level": [{ "a.yaml": task("x").replace(", namespace: ml-development", "") }, /^NamespaceMissing a\.yaml:3:11/],
    "no name": [{ "a.yaml": task("x").replace("name: x, ", "") }, /a\.yaml:3:11.*name/],
    "a foreign namespace": [{ "a.yaml": task("x") }, /^ForeignNamespace a\.yaml:3:32: .*ml-staging/, { tenant: { project: "ml", domain: "staging" } }],
    "a Project of a tenant": [
      { "a.yaml": "apiVersion: flyte.org/v1\nkind: Project\nmetadata: {name: ml}\nspec: {domains: [development]}\n" },
      /^KindNotAllowed a\.yaml:2:7: .*platform/,
      { tenant: { project: "ml", domain: "staging" } },
    ],
    "a namespace on a Project": [
      { "a.yaml": "apiVersion: flyte.org/v1\nkind: Project\nmetadata: {name: ml, namespace: x}\nspec: {domains: [development]}\n" },
      /^NamespaceNotAllowed a\.yaml:3:22/,
    ],
    "an absent task": [{ "w.yaml": workflow }, /^TaskUnknown w\.yaml:8:19: there is no task train/],
    "an invalid task": [
      { ...good, "tasks/train.yaml": task("train", "  retries: {limit: many}\n") },
      /^TaskInvalid workflows\/iris\.yaml:8:19: .*tasks\/train\.yaml:1/,
    ],
    "a cycle": [
      {
        "w.yaml": workflow
          .replace("  outputs: {loss: {type: float, from: nodes.train.outputs.loss}}\n", "")
          .replace(/train: .*/, "a: {task: t, after: [b]}\n    b: {task: t, after: [a]}"),
        "t.yaml": task("t").replace(", data: file<csv>", ""),
      },
      /^CycleDetected w\.yaml/,
    ],
    "a wrong binding": [
      { ...good, "workflows/iris.yaml": workflow.replace("data: {from: inputs.dataset}", "data: {from: inputs.folds}") },
      /^TypeMismatch workflows\/iris\.yaml:8/,
    ],
    "a path with dots": [{ "a.yaml": task("x", "  code: {path: ../secret}\n") }, /^PathInvalid a\.yaml:9:16: .*'\.\.'/],
    "a path that is not there": [
      { "a.yaml": task("x", "  code: {path: srk}\n"), "src/a.js": "" },
      /^FileNotFound a\.yaml:9:16: there is no srk in this commit; did you mean src\?/,
    ],
    "code that is a link": [{ "a.yaml": task("x", "  code: {path: src}\n"), src: { link: "/etc" } }, /^LinkNotAllowed a\.yaml:9:16/],
    "a link in code": [
      { "a.yaml": task("x", "  code: {path: src}\n"), "src/passwd": { link: "/etc/passwd" } },
      /^FileNotUsable a\.yaml:9:16: src\/passwd is a symbolic link/,
    ],
    "a submodule in code": [
      { "a.yaml": task("x", "  code: {path: src}\n"), "src/sub": { submodule: true } },
      /^FileNotUsable a\.yaml:9:16: src\/sub is a submodule/,
    ],
    "a manifest that is a link": [{ "a.yaml": { link: "/etc/passwd" } }, /^LinkNotAllowed a\.yaml:1:1/],
    "a file that is a directory": [
      { ...good, "runs/first.yaml": run("{workflow: iris, inputs: {dataset: {file: data}}}") },
      /^FileNotUsable runs\/first\.yaml:4:49/,
    ],
    "an input that is not there": [
      { ...good, "runs/first.yaml": run("{workflow: iris, inputs: {datset: 1, dataset: {file: data/iris.csv}}}") },
      /^InputUnknown runs\/first\.yaml:4:33: .*did you mean dataset/,
    ],
    "a missing input": [
      { ...good, "runs/first.yaml": run("{workflow: iris}") },
      /^InputMissing runs\/first\.yaml:4:7: workflow iris needs the input dataset: file<csv>/,
    ],
    "an input of the wrong type": [
      { ...good, "runs/first.yaml": run("{workflow: iris, inputs: {folds: many, dataset: {file: data/iris.csv}}}") },
      /^\w+ runs\/first\.yaml:4:40: folds: /,
    ],
    "a lossy input": [{ ...good, "runs/first.yaml": run("{workflow: iris, inputs: {folds: 1.5, dataset: {file: data/iris.csv}}}") }, /runs\/first\.yaml:4:40/],
    "a file for an integer": [
      { ...good, "runs/first.yaml": run("{workflow: iris, inputs: {folds: {file: data/iris.csv}, dataset: {file: data/iris.csv}}}") },
      /^TypeMismatch runs\/first\.yaml:4:41/,
    ],
    "remote data that the Project does not allow": [
      { ...good, "runs/first.yaml": run('{workflow: iris, inputs: {dataset: {uri: "file:///data/rawer/x.csv"}}}'), "p.yaml": project("file:///data/raw/") },
      /^UriNotAllowed runs\/first\.yaml:4:48: .*spec\.dataPrefixes of Project ml allows only file:\/\/\/data\/raw\//,
    ],
    "remote data in a binding where the Project allows none": [
      { ...good, "workflows/iris.yaml": workflow.replace("data: {from: inputs.dataset}", 'data: {uri: "file:///data/x.csv"}'), "p.yaml": project() },
      /^UriNotAllowed workflows\/iris\.yaml:8:\d+: .*names no prefix/,
    ],
    "remote data that nothing here reads": [
      { ...good, "runs/first.yaml": run('{workflow: iris, inputs: {dataset: {uri: "ftp://bucket/x.csv"}}}') },
      /^UnsupportedStore runs\/first\.yaml:4:48: dataset: data at ftp:\/\/ cannot be read/,
    ],
    "a data prefix that nothing here reads": [{ "p.yaml": project("file:///ok", "ftp://bucket/raw") }, /^UnsupportedStore p\.yaml:4:\d+: data at ftp:/],
    "a data prefix with dots": [{ "p.yaml": project("file:///data/../etc") }, /^InvalidValue p\.yaml:4:\d+: .*write the path in full/],
    "remote data with dots": [
      { ...good, "runs/first.yaml": run('{workflow: iris, inputs: {dataset: {uri: "file:///data/raw/../x"}}}'), "p.yaml": project("file:///data/raw") },
      /^InvalidValue runs\/first\.yaml:4:48: dataset: .* \.\.: write the path in full/,
    ],
    "remote data for an integer": [
      { ...good, "runs/first.yaml": run('{workflow: iris, inputs: {folds: {uri: "file:///data/x"}, dataset: {file: data/iris.csv}}}') },
      /^TypeMismatch runs\/first\.yaml:4:46: folds: expected integer/,
    ],
    "a Run of nothing": [{ ...good, "runs/first.yaml": run("{workflow: irus, inputs: {}}") }, /^WorkflowUnknown runs\/first\.yaml:4:18: .*did you mean iris/],
    "a Run of an invalid workflow": [
      { ...good, "workflows/iris.yaml": workflow.replace("task: train", "task: tran") },
      /^WorkflowInvalid runs\/first\.yaml:4:18/,
    ],
    "a part of the language that does not work yet": [
      { ...good, "workflows/iris.yaml": workflow + "    pause: {sleep: 30s}\n" },
      /^NotImplemented workflows\/iris\.yaml:9/,
    ],
    "two documents for one object": [{ "a.yaml": task("x"), "b.yaml": task("x") }, /^DuplicateObject b\.yaml:3:18: Task x is also in a\.yaml:1/],
    "a literal input path": [{ "a.yaml": task("x").replace("[node, train.js]", "[node, train.js, /var/flyte/inputs/data]") }, /^LiteralPath a\.yaml:8:59/],
    "a manifest of a hundred megabytes": [{ "a.yaml": `${task("x")}# ${"x".repeat(5 * 1024 * 1024)}\n` }, /^FileTooLarge a\.yaml:1:1/],
  };
  for (const [name, [files, pattern, options]] of Object.entries(wrong)) {
    it(`finds ${name}`, async () => {
      const problems = await said(files, options);
      assert.ok(
        problems.some((problem) => pattern.test(problem)),
        `nothing matches ${pattern} in:\n${problems.join("\n")}`,
      );
    });
  }

  it("lets remote data through below the Project's prefixes, of the repository or of the cluster, and where the Project is not known", async () => {
    const remote = { ...good, "runs/first.yaml": run('{workflow: iris, inputs: {dataset: {uri: "file:///data/raw/x.csv"}}}') };
    assert.deepEqual(await said({ ...remote, "p.yaml": project("file:///data/raw/") }), []);
    assert.deepEqual(await said(remote), []);
    const spec = { domains: ["development"], dataPrefixes: ["file:///data/other"] };
    const known = [{ kind: "Project" as const, namespace: "", name: "ml", spec, version: "1" }];
    const { problems } = await repositoryChecker().check(memoryTree(remote), {}, known);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["UriNotAllowed"],
    );
  });

  it("reports everything at once and keeps valid siblings", async () => {
    const result = await check({ ...good, "a.yaml": task("x", "  retries: {limit: many}\n  nonsense: 1\n"), "b.yaml": "apiVersion: flyte.org/v1\nkind: [\n" });
    assert.deepEqual(
      result.problems.map(({ file, code }) => `${file} ${code}`),
      ["a.yaml WrongType", "a.yaml UnknownField", "b.yaml InvalidYaml"],
    );
    assert.equal(result.objects.length, 3);
    assert.deepEqual([...result.held], ["Task/ml-development/x"]);
    assert.deepEqual([...result.brokenFiles], ["b.yaml"]);
  });

  it("puts documents of a tenant into its namespace", async () => {
    const { objects, problems } = await check(
      { "a.yaml": task("x").replace(", namespace: ml-development", "") },
      { tenant: { project: "ml", domain: "staging" } },
    );
    assert.deepEqual(problems, []);
    assert.deepEqual([objects[0]?.namespace, objects[0]?.object.metadata.namespace], ["ml-staging", "ml-staging"]);
  });

  it("looks only where it is told", async () => {
    const files = {
      "flows/a.yaml": task("a"),
      "flows/b.yml": task("b"),
      "flows/.hidden/c.yaml": task("c"),
      "other/d.yaml": task("d"),
      "flows/e.txt": "x",
      ".github/f.yaml": "on: push\n",
    };
    const names = async (options: CheckOptions) => (await check(files, options)).objects.map(({ name }) => name);
    assert.deepEqual(await names({ path: "flows" }), ["a", "b"]);
    assert.deepEqual(await names({ path: "./flows/", include: ["*.yml"] }), ["b"]);
    assert.deepEqual(await names({}), ["a", "b", "d"]);
    await assert.rejects(check(files, { path: "nowhere" }), (thrown) => thrown instanceof Failure && thrown.reason === "PathNotFound");
    await assert.rejects(check(files, { path: "../x" }), (thrown) => thrown instanceof Failure && thrown.reason === "PathInvalid");
  });

  it("counts what is none of ours", async () => {
    assert.equal((await check({ ...good, "Chart.yaml": "name: x\n", "broken.yaml": "{{ if }}\n" })).ignored, 2);
  });

  it("resolves paths against the followed folder, and against the root after a slash", async () => {
    const files = {
      "team/t.yaml": task("t", "  code: {path: src}\n"),
      "team/u.yaml": task("u", "  code: {path: /shared}\n"),
      "team/src/a.js": "",
      "shared/b.js": "",
    };
    const { objects, problems } = await check(files, { path: "team" });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      objects.map(({ references }) => references[0]?.path),
      ["team/src", "shared"],
    );
  });

  it("changes an object's digest with its content and that of its files, not with the rest", async () => {
    const digest = async (files: Record<string, MemoryFile>) => (await check({ ...good, ...files })).objects[0]?.digest;
    const before = await digest({});
    assert.equal(await digest({ "data/iris.csv": "changed", "README.md": "x" }), before);
    assert.equal(await digest({ "tasks/train.yaml": `# a comment\n${String(good["tasks/train.yaml"])}` }), before);
    assert.notEqual(await digest({ "src/train.js": "changed" }), before);
    assert.notEqual(await digest({ "tasks/train.yaml": task("train", "  code: {path: src/}\n  timeout: 5m\n") }), before);
  });

  it("reads and judges again only what changed", async () => {
    const checker = repositoryChecker();
    const first = await checker.check(memoryTree(good), {});
    const tree = memoryTree({ ...good, "workflows/iris.yaml": workflow.replace("type: integer, default: 5", "type: integer, default: 6") });
    const second = await checker.check(tree, {});
    assert.deepEqual(tree.reads, ["workflows/iris.yaml"]);
    assert.deepEqual([second.problems, second.objects.length], [[], 3]);
    assert.notEqual(second.objects[1]?.digest, first.objects[1]?.digest);
    const broken = await checker.check(memoryTree({ ...good, "tasks/train.yaml": task("trane") }), {});
    assert.ok(broken.problems.some(({ code, file }) => code === "TaskUnknown" && file === "workflows/iris.yaml"));
    assert.ok(broken.problems.some(({ code, file }) => code === "WorkflowInvalid" && file === "runs/first.yaml"));
  });

  it("lets objects use definitions of the cluster", async () => {
    const { "tasks/train.yaml": _, "workflows/iris.yaml": __, ...rest } = good;
    const spec = { inputs: { dataset: "file<csv>", folds: "integer" } };
    const result = await repositoryChecker().check(memoryTree(rest), {}, [{ kind: "Workflow", namespace: "ml-development", name: "iris", spec, version: "1" }]);
    assert.deepEqual(result.problems, []);
  });

  it("refuses tasks, and overrides of nodes, that ask for more than the ProjectQuota allows one task", async () => {
    const quota = (memory: string) => `apiVersion: flyte.org/v1
kind: ProjectQuota
metadata: {name: default, namespace: ml-development}
spec: {taskLimits: {memory: ${memory}, cpu: "2"}}
`;
    const resources = (text: string) => task("train", "  code: {path: src/}\n").replace("[node, train.js]}", `[node, train.js], resources: ${text}}`);
    const files = { ...good, "tasks/train.yaml": resources("{requests: {cpu: 500m, memory: 2Gi}, limits: {memory: 8Gi}}") };
    assert.deepEqual(await said({ ...files, "quota.yaml": quota("8Gi") }), []);
    const exceeded = await said({ ...files, "quota.yaml": quota("4Gi") });
    assert.match(
      exceeded.join("\n"),
      /ResourceLimitExceeded tasks\/train\.yaml:8:\d+: 8Gi is more than this namespace allows one task \(ProjectQuota taskLimits: 4Gi\)/,
    );
    assert.match(exceeded.join("\n"), /TaskInvalid workflows\/iris\.yaml/);
    const node = workflow.replace("train: {task: train,", 'train: {task: train, overrides: {resources: {requests: {cpu: "3"}}},');
    const overridden = await said({ ...files, "workflows/iris.yaml": node, "quota.yaml": quota("8Gi") });
    assert.match(
      overridden.join("\n"),
      /ResourceLimitExceeded workflows\/iris\.yaml:8:\d+: 3 is more than this namespace allows one task \(ProjectQuota taskLimits: 2\)/,
    );
    const elsewhere = [{ kind: "ProjectQuota" as const, namespace: "ml-development", name: "default", spec: { taskLimits: { memory: "1Gi" } }, version: "1" }];
    const checker = repositoryChecker();
    assert.deepEqual((await checker.check(memoryTree(files), {}, [])).problems, []);
    assert.ok((await checker.check(memoryTree(files), {}, elsewhere)).problems.some(({ code }) => code === "ResourceLimitExceeded"));
  });
});
