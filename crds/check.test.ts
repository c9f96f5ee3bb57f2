import assert from "node:assert/strict";
import { type AnyKind, pathText } from "../schema/index.ts";
import {
  allKinds,
  AppKind,
  GitSyncKind,
  kindOf,
  ProjectKind,
  ProjectQuotaKind,
  RunKind,
  TaskActionKind,
  TaskKind,
  TriggerKind,
  WorkflowKind,
} from "./index.ts";
import { changed, exampleOf } from "./testing/examples.ts";

/** One change of an example, and the one line that it is answered with. */
type Mistake = [kind: unknown, path: string, value: unknown, answer: string];

const MISTAKES: Readonly<Record<string, Mistake>> = {
  "a misspelled field": [TaskKind, "spec.container.comand", ["x"], 'spec.container.comand: unknown field "comand" in container: did you mean "command"?'],
  "a field of nobody": [
    TaskKind,
    "spec.data.colour",
    "red",
    'spec.data.colour: unknown field "colour" in data: known here: inputPath, outputPath, format, layout',
  ],
  "a status": [RunKind, "status", {}, "status: status is written by the controllers: remove it from the manifest"],
  "an absent image": [TaskKind, "spec.container.image", undefined, "spec.container: container needs image: Image to run, e.g. docker.io/library/node:22."],
  "an absent name": [TaskKind, "metadata.name", undefined, "metadata: metadata needs name"],
  "a name with an underscore": [
    TaskKind,
    "metadata.name",
    "train_fold",
    'metadata.name: name is "train_fold", which is not a name: lower-case letters, digits and hyphens',
  ],
  "a fraction of a CPU without quotes": [
    TaskKind,
    "spec.container.resources.requests.cpu",
    0.5,
    'spec.container.resources.requests.cpu: cpu must be a quantity such as 500m, 2Gi or 1, but is the number 0.5: write it quoted, "0.5"',
  ],
  "a unit that Kubernetes does not know": [
    TaskKind,
    "spec.container.resources.limits.memory",
    "256MB",
    'spec.container.resources.limits.memory: memory is "256MB", which is not a quantity such as 500m, 2Gi or 1',
  ],
  "a number where text is wanted": [
    TaskKind,
    "spec.container.env.0.value",
    1,
    'spec.container.env[0].value: value must be text, but is the number 1: write it quoted, "1"',
  ],
  "text where a list is wanted": [
    TaskKind,
    "spec.container.args",
    "--rate",
    'spec.container.args: args must be a list, but is the text "--rate": write ["--rate"]',
  ],
  "a number in quotes": [
    TaskKind,
    "spec.retries.limit",
    "2",
    'spec.retries.limit: limit must be a whole number, but is the text "2": write it without quotes, 2',
  ],
  "a boolean in quotes": [
    TaskKind,
    "spec.interruptible",
    "true",
    'spec.interruptible: interruptible must be true or false, but is the text "true": write it without quotes, true',
  ],
  "a duration without a unit": [TaskKind, "spec.timeout", 10, "spec.timeout: timeout must be a duration such as 30s, 1h30m or 7d, but is the number 10"],
  "an exit code that cannot be": [TaskKind, "spec.retries.onExit.retry.0", 275, "spec.retries.onExit.retry[0]: retry[0] is 275, but must be at most 255"],
  "a key without a value": [TaskKind, "spec.code", null, "spec.code: code has no value: write one, or remove the line"],
  "a word in the wrong case": [TaskKind, "spec.data.format", "json", 'spec.data.format: format is "json", but must be one of JSON, YAML: did you mean "JSON"?'],
  "an input that is a number": [
    TaskKind,
    "spec.inputs.fold",
    5,
    "spec.inputs.fold: fold must be a type such as integer, list<string>, file<csv> or enum<a|b>, but is the number 5",
  ],
  "an input that is true": [
    TaskKind,
    "spec.inputs.fold",
    true,
    "spec.inputs.fold: fold must be a type such as integer, list<string>, file<csv> or enum<a|b>, but is true",
  ],
  "a misspelled key of an input": [
    TaskKind,
    "spec.inputs.rate.defualt",
    1,
    'spec.inputs.rate.defualt: unknown field "defualt" in rate: did you mean "default"?',
  ],
  "an input named like a word of CEL": [TaskKind, "spec.inputs.in", "string", 'spec.inputs.in: "in" is a word of the expression language: choose another name'],
  "an input with a hyphen": [
    TaskKind,
    "spec.inputs.learning-rate",
    "float",
    'spec.inputs["learning-rate"]: "learning-rate" is not the name of an input or output: a letter, then at most 62 letters, digits or _',
  ],
  "inputs that differ only in case": [TaskKind, "spec.inputs.Fold", "string", 'spec.inputs.Fold: "Fold" and "fold" differ only in case: rename one'],
  "a variable that is set twice": [
    TaskKind,
    "spec.container.env.1",
    { name: "LOG_LEVEL" },
    "spec.container.env[1]: name LOG_LEVEL is already at position 0: remove one",
  ],
  "a pod beside a container": [TaskKind, "spec.pod", {}, "spec: container and pod exclude each other: move the container into the pod, or remove pod"],
  "a plugin block of another type": [TaskKind, "spec.spark", {}, "spec: spark belongs to tasks of type spark: write type: spark, or remove it"],
  "a node name in capitals": [
    WorkflowKind,
    "spec.nodes.Split",
    { sleep: "1s" },
    'spec.nodes.Split: "Split" is not a node name: at most 30 lower-case letters, digits and hyphens, beginning with a letter',
  ],
  "a node that is two things": [
    WorkflowKind,
    "spec.nodes.split.workflow",
    "x",
    "spec.nodes.split: a node is exactly one of task, workflow, trigger, branch, approve, signal, sleep, wait; here are task and workflow",
  ],
  "a map around a sleep": [WorkflowKind, "spec.nodes.pause.map", { over: { x: [1] } }, "spec.nodes.pause: map goes around a task, a workflow or a trigger"],
  "a misspelled reference": [
    WorkflowKind,
    "spec.nodes.split.inputs.dataset",
    { form: "inputs.dataset" },
    'spec.nodes.split.inputs.dataset: dataset: did you mean "from"?',
  ],
  "two sources of one value": [
    WorkflowKind,
    "spec.nodes.split.inputs.dataset.expr",
    "inputs.dataset",
    'spec.nodes.split.inputs.dataset.expr: unknown field "expr" in dataset: known here: from',
  ],
  "a map that is not marked as a value": [
    WorkflowKind,
    "spec.nodes.split.inputs.options",
    { a: 1, b: 2 },
    "spec.nodes.split.inputs.options: options: a map as a value is written {value: {…}}; the forms known here are {from: …}, {expr: …}, {firstOf: …}, {file: …}, {directory: …}, {uri: …}, {value: …}",
  ],
  "an output of a workflow without a source": [
    WorkflowKind,
    "spec.outputs.model",
    "file<json>",
    "spec.outputs.model: a workflow output says where it comes from: {type: float, from: nodes.train.outputs.loss}",
  ],
  "a case after the otherwise": [
    WorkflowKind,
    "spec.nodes.gate.branch.2",
    { fail: "never" },
    "spec.nodes.gate.branch: only the last case of a branch may leave out if: nothing after it could be reached",
  ],
  "a branch as failure node": [
    WorkflowKind,
    "spec.onFailure.branch",
    [],
    'spec.onFailure.branch: unknown field "branch" in onFailure: known here: task, workflow, trigger, approve, signal, sleep, wait, inputs, timeout, timeouts, retries, cache, interruptible, overrides',
  ],
  "a workflow without nodes": [WorkflowKind, "spec.nodes", {}, "spec.nodes: nodes needs at least 1 entry"],
  "a Run of nothing": [RunKind, "spec.workflow", undefined, "spec: a Run names exactly one of workflow, task and trigger; here is none of them"],
  "a Run with a reference as input": [
    RunKind,
    "spec.inputs.folds",
    { from: "inputs.x" },
    "spec.inputs.folds: folds: {from: …} has no meaning here; a map as a value is written {value: {…}}; the forms known here are {file: …}, {directory: …}, {uri: …}, {value: …}",
  ],
  "a Run with a long name": [RunKind, "metadata.name", "a".repeat(31), "metadata.name: metadata.name of a Run has at most 30 characters and no dot"],
  "a schedule of two kinds": [TriggerKind, "spec.schedules.0.every", "1h", "spec.schedules[0]: a schedule has exactly one of cron and every"],
  "a parameter of nobody": [
    TriggerKind,
    "spec.defaultInputs.b",
    { from: "nodes.x" },
    'spec.defaultInputs.b.from: from is "nodes.x", which is not params.NAME: nothing else is known here',
  ],
  "a date that is none": [
    TriggerKind,
    "spec.schedules.1.startAt",
    "tomorrow",
    'spec.schedules[1].startAt: startAt is "tomorrow", which is not an instant such as "2026-01-01T00:00:00Z"',
  ],
  "an App without a program": [AppKind, "spec.container", undefined, "spec: an App has exactly one of container and pod"],
  "a scale that shrinks": [AppKind, "spec.autoscaling.replicas.min", 6, "spec.autoscaling.replicas: replicas.min may not be above replicas.max"],
  "a domain with a hyphen": [
    ProjectKind,
    "spec.domains.0",
    "dev-1",
    'spec.domains[0]: domains[0] is "dev-1", which is not a domain name: at most 20 lower-case letters and digits, no hyphen',
  ],
  "a domain that is there twice": [ProjectKind, "spec.domains.1", "development", 'spec.domains: domains has "development" twice: remove one'],
  "a project of the system": [
    ProjectKind,
    "metadata.name",
    "kube-flyte",
    "metadata.name: metadata.name may be none of kube, default, openshift, flyteops, nor begin with one of them and a hyphen: such namespaces belong to the system",
  ],
  "a second quota": [
    ProjectQuotaKind,
    "metadata.name",
    "extra",
    "metadata.name: metadata.name of a ProjectQuota is default: there is exactly one per namespace",
  ],
  "git's short form of an address": [
    GitSyncKind,
    "spec.url",
    "git@example.com:flows.git",
    'spec.url: url is "git@example.com:flows.git", which is not https://…, ssh://… or file:///…; not the scp form git@host:path',
  ],
  "a domain without a project": [GitSyncKind, "spec.project", undefined, "spec.domain: domain belongs to project: add project, or remove domain"],
  "a task template that is not base64": [TaskActionKind, "spec.taskTemplate", "no!", 'spec.taskTemplate: taskTemplate is "no!", which is not bytes in base64'],
  "another version": [TaskKind, "apiVersion", "flyte.org/v2", 'apiVersion: apiVersion is "flyte.org/v2", but must be flyte.org/v1'],
};

const lines = (kind: AnyKind, object: unknown, old?: unknown) => kind.check(object, old).map(({ path, message }) => `${pathText(path)}: ${message}`);

describe("check", () => {
  for (const kind of allKinds) it(`finds nothing wrong with the example of ${kind.kind}`, () => assert.deepEqual(lines(kind, exampleOf(kind)), []));

  for (const [name, [kind, path, value, answer]] of Object.entries(MISTAKES)) {
    it(`answers ${name} with one sentence`, () => assert.deepEqual(lines(kind as AnyKind, changed(kind as AnyKind, path, value)), [answer]));
  }

  it("says once that a required field is misspelled, not also that it is missing", () => {
    const task = changed(TaskKind, "spec.container.image", undefined);
    (task.spec["container"] as Record<string, unknown>)["imge"] = "node:22";
    assert.deepEqual(lines(TaskKind, task), ['spec.container.imge: unknown field "imge" in container: did you mean "image"?']);
  });

  it("reports every mistake of a manifest at once", () => {
    const task = changed(TaskKind, "spec.timeout", 10);
    task.metadata.name = "UPPER";
    (task.spec["data"] as Record<string, unknown>)["format"] = "XML";
    assert.equal(TaskKind.check(task).length, 3);
  });

  it("survives whatever it is given", () => {
    for (const kind of allKinds)
      for (const junk of [
        null,
        undefined,
        5,
        "text",
        [],
        {},
        { spec: null },
        { spec: [] },
        { spec: { nodes: 5, inputs: [], signals: "x", domains: {} } },
        { metadata: { name: 5 }, spec: {} },
      ])
        assert.ok(kind.check(junk).length > 0);
  });

  it("takes integers beyond 2^53 in values", () => {
    assert.deepEqual(lines(RunKind, changed(RunKind, "spec.inputs.folds", 9007199254740993n)), []);
  });

  it("knows a kind by apiVersion and kind", () => {
    assert.equal(kindOf({ apiVersion: "flyte.org/v1", kind: "Run" })?.kind, "Run");
    assert.equal(kindOf({ apiVersion: "v1", kind: "Run" }), undefined);
  });
});

describe("check against the stored Run", () => {
  const kind = RunKind;
  const refusals: Readonly<Record<string, [path: string, value: unknown, answer: string]>> = {
    "a changed input": ["spec.inputs.folds", 11, "spec.inputs: inputs is fixed when the object is created: make a new object under another name instead"],
    "another workflow": ["spec.workflow", "other", "spec.workflow: workflow is fixed when the object is created: make a new object under another name instead"],
    "a removed timeout": ["spec.timeout", undefined, "spec.timeout: timeout is fixed when the object is created: make a new object under another name instead"],
    "a changed signal": ["spec.signals.ok.value", false, "spec.signals: a signal is given once: it can be neither changed nor taken back"],
    "a removed signal": ["spec.signals.ok", undefined, "spec.signals: a signal is given once: it can be neither changed nor taken back"],
    "removed signals": ["spec.signals", undefined, "spec.signals: signals cannot be taken back"],
  };
  for (const [name, [path, value, answer]] of Object.entries(refusals)) {
    it(`refuses ${name}`, () => assert.deepEqual(lines(kind, changed(kind, path, value), exampleOf(kind)), [answer]));
  }

  it("refuses to run again what was aborted, also by leaving the field out", () => {
    const aborted = changed(kind, "spec.desiredState", "Aborted");
    const answer = ["spec.desiredState: an aborted Run stays aborted: start a new one"];
    assert.deepEqual(lines(kind, exampleOf(kind), aborted), answer);
    assert.deepEqual(lines(kind, changed(kind, "spec.desiredState", undefined), aborted), answer);
  });

  it("lets people change what is not fixed", () => {
    for (const [path, value] of [
      ["spec.maxParallelism", 3],
      ["spec.ttl", undefined],
      ["spec.suspend", true],
      ["spec.desiredState", "Aborted"],
      ["spec.abortReason", "enough"],
      ["spec.signals.other", { value: 1 }],
    ] as const)
      assert.deepEqual(lines(kind, changed(kind, path, value), exampleOf(kind)), [], path);
  });
});
