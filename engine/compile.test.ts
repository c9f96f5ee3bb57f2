import assert from "node:assert/strict";
import type { JsonObject } from "../base/index.ts";
import { compile } from "./compile.ts";
import type { Definition } from "./definitions.ts";
import { pathText } from "./findings.ts";
import { definitions, task, workflow } from "./test-definitions.ts";

const step = task("step", { x: { type: "integer", default: 0 } }, { y: "integer", files: "list<file<csv>>", info: "struct", maybe: "integer | none" });
const read = task("read", { f: "file<csv>" }, { n: "integer" });
const float = task("float", { v: "float" }, {});
const sub = workflow("sub", {
  inputs: { n: "integer" },
  outputs: { y: { type: "integer", from: "nodes.p.outputs.y" } },
  nodes: { p: { task: "step", inputs: { x: { from: "inputs.n" } } } },
});

/** Problems of one workflow, one line each. */
function problems(spec: JsonObject, ...more: readonly Definition[]): readonly string[] {
  const result = compile(definitions(workflow("wf", spec), step, read, float, sub, ...more), { kind: "Workflow", name: "wf" });
  return result.problems.map(({ code, path, message, severity }) => `${severity === "warning" ? "warning " : ""}${code} ${pathText(path)}: ${message}`);
}

function taskProblems(spec: JsonObject): readonly string[] {
  return compile(definitions({ kind: "Task", name: "t", spec }), { kind: "Task", name: "t" }).problems.map(
    ({ code, path, message }) => `${code} ${pathText(path)}: ${message}`,
  );
}

const node = (inputs: JsonObject, name = "step"): JsonObject => ({ task: name, inputs });

describe("compiling a workflow", () => {
  const cases: Readonly<Record<string, readonly [JsonObject, readonly string[]]>> = {
    "accepts references, literals, expressions, attributes, maps and sub-workflows": [
      {
        inputs: { n: "integer" },
        nodes: {
          a: node({ x: { from: "inputs.n" } }),
          b: node({ x: { expr: "nodes.a.outputs.y * 2" } }),
          c: node({ x: { from: "nodes.a.outputs.info.deep[0]" } }),
          d: node({ f: { from: "nodes.a.outputs.files[0]" } }, "read"),
          e: { task: "read", map: { over: { f: { from: "nodes.a.outputs.files" } }, failed: "Keep" } },
          s: { workflow: "sub", inputs: { n: { from: "nodes.d.outputs.n" } } },
          g: { task: "float", inputs: { v: 1 }, after: ["e"] },
        },
      },
      [],
    ],
    "says which task was probably meant": [{ nodes: { a: { task: "stpe" } } }, ["TaskUnknown spec.nodes.a.task: there is no task stpe; did you mean step?"]],
    "says which node, output or input was probably meant": [
      {
        inputs: { n: "integer" },
        nodes: {
          a: node({ x: { from: "inputs.m" } }),
          b: node({ x: { from: "nodes.a.outputs.z" } }),
          c: node({ y: 1 }),
          d: node({ x: { from: "nodes.aa.outputs.y" } }),
        },
      },
      [
        "ReferenceInvalid spec.nodes.a.inputs.x.from: there is no input m; did you mean n?",
        "ReferenceInvalid spec.nodes.b.inputs.x.from: there is no output of a called z; did you mean y?",
        "InputUnknown spec.nodes.c.inputs.y: task step has no input y; did you mean x?",
        "ReferenceInvalid spec.nodes.d.inputs.x.from: there is no node aa; did you mean a?",
      ],
    ],
    "never coerces a reference": [
      { nodes: { a: node({}), b: node({ v: { from: "nodes.a.outputs.y" } }, "float") } },
      ['TypeMismatch spec.nodes.b.inputs.v.from: nodes.a.outputs.y is integer, needed is float; a reference never converts: write {expr: "double(…)"}'],
    ],
    "coerces a literal, unless that would lose something": [
      { nodes: { a: node({ v: 1 }, "float"), b: node({ x: 1.5 }) } },
      ["InvalidValue spec.nodes.b.inputs.x: 1.5 is not a whole number"],
    ],
    "types expressions": [
      {
        inputs: { s: "string" },
        nodes: { a: node({ x: { expr: "inputs.s + 1" } }), b: node({ x: { expr: "inputs.s" } }), c: node({ x: { expr: "inputs.q" } }) },
      },
      [
        "ExpressionInvalid spec.nodes.a.inputs.x.expr: no such overload: string + int (at character 1 of the expression)",
        "TypeMismatch spec.nodes.b.inputs.x.expr: the expression gives string, needed is integer",
        "ExpressionInvalid spec.nodes.c.inputs.x.expr: there is no input q; did you mean s? (at character 1 of the expression)",
      ],
    ],
    "takes remote data for a file, from a store that can be read": [
      {
        nodes: {
          a: node({ f: { uri: "file:///data/x.csv" } }, "read"),
          b: node({ f: { uri: "ftp://bucket/x.csv" } }, "read"),
          c: node({ x: { uri: "file:///data/x" } }),
          d: node({ f: { uri: "file:///data/../x" } }, "read"),
          e: node({ f: { value: { uri: "file:///data/x" } } }, "read"),
        },
      },
      [
        "UnsupportedStore spec.nodes.b.inputs.f.uri: data at ftp:// cannot be read: only file://, s3://, gs://, abfs:// can",
        "TypeMismatch spec.nodes.c.inputs.x.uri: expected integer; {uri: …} is for a file, directory or dataset",
        'InvalidValue spec.nodes.d.inputs.f.uri: "file:///data/../x" has an empty segment, . or ..: write the path in full',
        "NotImplemented spec.nodes.e.inputs.f.value: {uri: …} is an input of its own, not a part of a value: give one directory, or one input per file",
      ],
    ],
    "leaves it to the task whether data is downloaded": [
      { inputs: { f: { type: "file<csv>", download: "None" } }, nodes: { a: node({ f: { from: "inputs.f" } }, "read") } },
      ["InvalidValue spec.inputs.f.download: the Task says how it gets its data: write download: None there"],
    ],
    "names what a node needs and is not given": [
      { nodes: { a: node({}, "read") } },
      ["InputMissing spec.nodes.a.inputs: task read needs the input f (file<csv>)"],
    ],
    "reports a cycle with its path": [
      { nodes: { a: { task: "step", after: ["b"] }, b: node({ x: { from: "nodes.a.outputs.y" } }) } },
      ["CycleDetected spec.nodes.a: nodes wait for each other: a needs b needs a"],
    ],
    "reports a node that waits for nobody we know": [
      { nodes: { alpha: { task: "step", after: ["alphaa"] } } },
      ["NodeUnknown spec.nodes.alpha.after[0]: there is no node alphaa; did you mean alpha?"],
    ],
    "warns of an input that nobody uses": [
      { inputs: { n: "integer" }, nodes: { a: node({}) } },
      ["warning InputUnused spec.inputs.n: no node uses the input n"],
    ],
    "wants a list, map or directory to map over": [
      { nodes: { a: node({}), b: { task: "step", map: { over: { x: { from: "nodes.a.outputs.y" } }, failed: "Keep" } } } },
      ["MapInvalid spec.nodes.b.map.over.x: over needs a list, a map or a directory, not integer"],
    ],
    "says that a part of an optional value needs an expression": [
      { nodes: { a: node({}), b: node({ x: { from: "nodes.a.outputs.maybe" } }) } },
      ['TypeMismatch spec.nodes.b.inputs.x.from: nodes.a.outputs.maybe is integer | none, needed is integer; it may be absent: write {expr: "….orValue(…)"}'],
    ],
    "lets a failure node see inputs and the error only": [
      { nodes: { a: node({}) }, onFailure: { task: "step", inputs: { x: { from: "nodes.a.outputs.y" } } } },
      ["ReferenceInvalid spec.onFailure.inputs.x.from: a failure node sees inputs and run only: when it runs, no other node is sure to have run"],
    ],
    "refuses what does not work yet, with the field": [
      {
        nodes: { gate: { branch: [{ if: { expr: "true" }, then: "a" }] }, a: { task: "step", cache: { version: "1" } }, b: { sleep: "3s" } },
        finally: { task: "step" },
      },
      [
        "NotImplemented spec.nodes.gate.branch: branch does not work yet: let the task decide, and end it Skipped with retries.onExit.skip",
        "NotImplemented spec.nodes.a.cache: caching does not work yet: remove cache",
        "NotImplemented spec.nodes.b.sleep: sleep does not work yet: let a task wait",
        "NotImplemented spec.finally: finally does not work yet: onFailure runs after a failure or timeout",
      ],
    ],
    "checks outputs like inputs": [
      { outputs: { s: { type: "string", from: "nodes.a.outputs.y" } }, nodes: { a: node({}) } },
      ["TypeMismatch spec.outputs.s.from: nodes.a.outputs.y is integer, needed is string"],
    ],
    "says once that a task is unknown, not at every use of its node": [
      { nodes: { a: { task: "nope" }, b: node({ x: { from: "nodes.a.outputs.y" } }), c: node({ x: { expr: "nodes.a.outputs.y" } }) } },
      ["TaskUnknown spec.nodes.a.task: there is no task nope; there is step, read, float"],
    ],
  };
  for (const [name, [spec, expected]] of Object.entries(cases)) {
    it(name, () => {
      assert.deepEqual(problems(spec), expected);
    });
  }

  it("reports all problems at once", () => {
    const found = problems({ nodes: { a: { task: "nope" }, b: node({ x: "many" }), c: node({ x: { from: "inputs." } }) } });
    assert.deepEqual(found.map((line) => line.split(" ")[0]), ["TaskUnknown", "TypeMismatch", "ReferenceInvalid"]); // prettier-ignore
  });

  it("finds workflows that run each other", () => {
    const a = workflow("a", { nodes: { n: { workflow: "b" } } });
    const b = workflow("b", { nodes: { n: { workflow: "a" } } });
    const { problems: found } = compile(definitions(a, b), { kind: "Workflow", name: "a" });
    assert.match(found[0]?.message ?? "", /workflows run each other: a runs b runs a/);
  });

  it("counts the nodes of sub-workflows as often as they run", () => {
    const levels = Array.from({ length: 5 }, (_, level) =>
      workflow(`w${level}`, {
        nodes: Object.fromEntries(Array.from({ length: 10 }, (_unused, at) => [`n${at}`, level === 0 ? { task: "step" } : { workflow: `w${level - 1}` }])),
      }),
    );
    const { problems: found, plan } = compile(definitions(step, ...levels), { kind: "Workflow", name: "w4" });
    assert.deepEqual([found.map(({ code }) => code), plan], [["TooManyNodes"], undefined]);
  });

  it("names everything that a later change of which makes compiling again worthwhile, found or not", () => {
    const { references } = compile(definitions(workflow("wf", { nodes: { a: { workflow: "sub", inputs: { n: 1 } }, b: { task: "later" } } }), sub, step), {
      kind: "Workflow",
      name: "wf",
    });
    assert.deepEqual([...references].sort(), ["ProjectQuota/default", "Task/later", "Task/step", "Workflow/sub", "Workflow/wf"]);
  });

  it("gives the same plan for the same definitions, and does not put commits into it", () => {
    const coded = (revision: string): Definition => task("coded", {}, {}, { code: { path: "src/", digest: "sha256:00", revision } });
    const plans = ["main@sha1:1", "main@sha1:2"].map((revision) => compile(definitions(coded(revision)), { kind: "Task", name: "coded" }).plan);
    assert.deepEqual(plans[0], plans[1]);
  });
});

describe("compiling a task", () => {
  const container = { image: "busybox", command: ["true"] };
  const cases: Readonly<Record<string, readonly [JsonObject, readonly RegExp[]]>> = {
    "knows its templates": [
      { type: "container", inputs: { x: "integer" }, container: { ...container, args: ["{{.inputs.y}}"] } },
      [/^TemplateInvalid spec.container.args\[0\]: .*there is no input y/],
    ],
    "checks defaults": [{ type: "container", inputs: { x: { type: "integer", default: "many" } }, container }, [/^TypeMismatch spec.inputs.x.default: /]],
    "checks types": [{ type: "container", inputs: { x: "int" }, container }, [/^InvalidType spec.inputs.x: .*did you mean integer/]],
    "refuses other kinds of task": [
      { type: "spark", spark: {} },
      [/^NotImplemented spec.type: tasks of type spark do not work yet/, /^NotImplemented spec.spark: /],
    ],
    "keeps inputs and outputs apart": [{ type: "container", container, data: { inputPath: "/data", outputPath: "/data/out" } }, [/^InvalidValue spec.data: /]],
    "wants a key and a name for a secret in a variable": [{ type: "container", container, secrets: [{ name: "db", mount: "env" }] }, [/write key/, /write as/]],
  };
  for (const [name, [spec, expected]] of Object.entries(cases)) {
    it(name, () => {
      const found = taskProblems(spec);
      assert.equal(found.length, expected.length, found.join("\n"));
      expected.forEach((pattern, at) => assert.match(found[at]!, pattern));
    });
  }
});
