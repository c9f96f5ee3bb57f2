import assert from "node:assert/strict";
import { compile } from "./compile.ts";
import type { Definition } from "./definitions.ts";
import type { ActionFact, Decision, Facts, ValueFact } from "./facts.ts";
import { next } from "./next.ts";
import { type OpenPlan, openPlan } from "./open-plan.ts";
import { definitions, task, workflow } from "./test-definitions.ts";

function open(root: string, ...all: readonly Definition[]): OpenPlan {
  const result = compile(definitions(...all), { kind: "Workflow", name: root });
  assert.ok(result.plan, JSON.stringify(result.problems));
  return openPlan(result.plan);
}

const START = 1_000_000;

interface World {
  readonly actions?: Readonly<Record<string, ActionFact["phase"] | ActionFact>>;
  readonly values?: Readonly<Record<string, ValueFact>>;
  readonly facts?: Partial<Facts>;
}

function factsOf({ actions = {}, values = {}, facts = {} }: World): Facts {
  const entries = Object.entries(actions).map(([path, fact]) => [path, typeof fact === "string" ? { phase: fact } : fact] as const);
  return { now: START, startTime: START, aborted: false, suspended: false, actions: new Map(entries), values: new Map(Object.entries(values)), ...facts };
}

const decide = (plan: OpenPlan, world: World = {}): Decision => next(plan, factsOf(world));
const started = (decision: Decision): readonly string[] => decision.start.map(({ action }) => action);

const step = task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
const chain = workflow("chain", {
  inputs: { n: "integer" },
  outputs: { last: { type: "integer", from: "nodes.b.outputs.y" } },
  nodes: { a: { task: "step", inputs: { x: { from: "inputs.n" } } }, b: { task: "step", inputs: { x: { from: "nodes.a.outputs.y" } } } },
});

describe("the next step of a run", function () {
  this.timeout(20_000);

  it("starts what needs nothing, and later what its outputs allow", () => {
    const plan = open("chain", chain, step);
    assert.deepEqual(started(decide(plan)), ["a"]);
    assert.deepEqual(started(decide(plan, { actions: { a: "Running" } })), []);
    const second = decide(plan, { actions: { a: "Succeeded" } });
    assert.deepEqual(started(second), ["b"]);
    assert.deepEqual(second.start[0]?.inputs["x"], { type: "integer", from: { kind: "output", type: "integer", action: "a", name: "y" } });
  });

  it("ends Succeeded with outputs by reference", () => {
    const decision = decide(open("chain", chain, step), { actions: { a: "Succeeded", b: "Succeeded" } });
    assert.equal(decision.run.phase, "Succeeded");
    assert.deepEqual(decision.run.outputs, { last: { type: "integer", from: { kind: "output", type: "integer", action: "b", name: "y" } } });
    assert.deepEqual(decision.run.counts, { total: 2, succeeded: 2, running: 0, failed: 0, cached: 0, waiting: 0, skipped: 0, aborted: 0 });
  });

  it("stops the others when a node fails, then runs the failure node with the error, then is Failed", () => {
    const wf = workflow("wf", {
      nodes: { a: { task: "step" }, b: { task: "step" } },
      onFailure: { task: "tell", inputs: { node: { from: "run.error.node" } } },
    });
    const plan = open("wf", wf, step, task("tell", { node: "string" }, {}));
    const error = { code: "ExitCode", kind: "USER", message: "exit 7" } as const;
    const failing = decide(plan, { actions: { a: { phase: "Failed", error }, b: "Running" } });
    assert.deepEqual([failing.abort, failing.run.phase, failing.start], [["b"], "Running", []]);
    const telling = decide(plan, { actions: { a: { phase: "Failed", error }, b: "Aborted" } });
    assert.deepEqual(started(telling), [".on-failure"]);
    assert.deepEqual(telling.start[0]?.inputs["node"]?.from, { kind: "run", type: "string", field: "error.node", error: { ...error, node: "a" } });
    const ended = decide(plan, { actions: { a: { phase: "Failed", error }, b: "Aborted", ".on-failure": "Succeeded" } });
    assert.deepEqual([ended.run.phase, ended.run.error], ["Failed", { ...error, node: "a" }]);
  });

  it("lets runnable nodes finish where the policy says so", () => {
    const wf = workflow("wf", {
      failurePolicy: "FailAfterRunningNodesComplete",
      nodes: { a: { task: "step" }, b: { task: "step" }, c: { task: "step", after: ["b"] }, d: { task: "step", after: ["a"] } },
    });
    const plan = open("wf", wf, step);
    const decision = decide(plan, { actions: { a: "Failed", b: "Succeeded" } });
    assert.deepEqual([started(decision), decision.abort, decision.run.phase], [["c"], [], "Running"]);
    assert.equal(decide(plan, { actions: { a: "Failed", b: "Succeeded", c: "Succeeded" } }).run.phase, "Failed");
  });

  it("stops everything at the deadline, runs the failure node and is TimedOut", () => {
    const wf = workflow("wf", { timeout: "1m", nodes: { a: { task: "step" } }, onFailure: { task: "step" } });
    const plan = open("wf", wf, step);
    assert.equal(decide(plan, { actions: { a: "Running" } }).wakeAt, START + 60_000);
    const late = { now: START + 60_000 };
    assert.deepEqual(decide(plan, { actions: { a: "Running" }, facts: late }).abort, ["a"]);
    assert.deepEqual(started(decide(plan, { actions: { a: "Aborted" }, facts: late })), [".on-failure"]);
    const ended = decide(plan, { actions: { a: "Aborted", ".on-failure": "Failed" }, facts: late });
    assert.deepEqual([ended.run.phase, ended.run.error?.code], ["TimedOut", "TimedOut"]);
    assert.equal(decide(plan, { actions: { a: "Succeeded" }, facts: late }).run.phase, "Succeeded");
  });

  it("is TimedOut also when the action noticed first", () => {
    const plan = open("wf", workflow("wf", { timeout: "1m", nodes: { a: { task: "step" } } }), step);
    const error = { code: "RunTimeout", kind: "USER", message: "the time of the run is up" } as const;
    const decision = decide(plan, { actions: { a: { phase: "TimedOut", error, endTime: START + 60_000 } } });
    assert.deepEqual([decision.run.phase, decision.run.error?.code], ["TimedOut", "TimedOut"]);
    const own = decide(plan, { actions: { a: { phase: "TimedOut", error: { ...error, code: "TotalTimeout" }, endTime: START + 30_000 } } });
    assert.deepEqual([own.run.phase, own.run.error?.node], ["Failed", "a"]);
  });

  it("aborts: stops what runs, starts nothing, no failure node", () => {
    const wf = workflow("wf", { nodes: { a: { task: "step" }, b: { task: "step" } }, onFailure: { task: "step" } });
    const plan = open("wf", wf, step);
    const facts = { aborted: true };
    const aborting = decide(plan, { actions: { a: "Running" }, facts });
    assert.deepEqual([aborting.abort, aborting.start, aborting.run.phase], [["a"], [], "Aborting"]);
    const ended = decide(plan, { actions: { a: "Failed" }, facts });
    assert.deepEqual([ended.start, ended.run.phase], [[], "Aborted"]);
  });

  it("skips what needs an absent value, and all that follows, and passes none where the type allows it", () => {
    const wf = workflow("wf", {
      nodes: {
        a: { task: "step" },
        b: { task: "step", inputs: { x: { from: "nodes.a.outputs.y" } } },
        c: { task: "maybe", inputs: { x: { from: "nodes.b.outputs.y" } } },
        d: { task: "step", after: ["b"] },
      },
    });
    const plan = open("wf", wf, step, task("maybe", { x: "integer | none" }, {}));
    const decision = decide(plan, { actions: { a: "Skipped" } });
    assert.deepEqual(started(decision), ["c"]);
    assert.deepEqual(decision.start[0]?.inputs["x"], { type: "integer | none", from: { kind: "none" } });
    assert.equal(decision.run.counts.skipped, 3);
    assert.equal(decide(plan, { actions: { a: "Skipped", c: "Succeeded" } }).run.phase, "Succeeded");
  });

  it("asks for what only the shell can know, and fails the node when the answer is a failure", () => {
    const wf = workflow("wf", { inputs: { n: "integer" }, nodes: { a: { task: "step", inputs: { x: { expr: "inputs.n * 2" } } } } });
    const plan = open("wf", wf, step);
    const asking = decide(plan);
    assert.deepEqual(asking.needs.map(({ kind, key }) => [kind, key]), [["evaluate", "a/inputs.x"]]); // prettier-ignore
    assert.deepEqual(started(decide(plan, { values: { "a/inputs.x": { ok: true } } })), ["a"]);
    const failed = decide(plan, { values: { "a/inputs.x": { ok: false, error: { code: "EvaluationError", kind: "USER", message: "overflow" } } } });
    assert.deepEqual([failed.run.phase, failed.run.error?.node, failed.run.error?.code], ["Failed", "a", "EvaluationError"]);
  });

  it("maps over a list in slices, and over nothing at all", () => {
    const wf = workflow("wf", {
      inputs: { xs: "list<integer>" },
      outputs: { ys: { type: "list<integer>", from: "nodes.m.outputs.y" } },
      nodes: { m: { task: "step", map: { over: { x: { from: "inputs.xs" } }, failed: "Keep" } } },
    });
    const plan = open("wf", wf, step);
    assert.deepEqual(decide(plan).needs.map(({ kind }) => kind), ["lengths"]); // prettier-ignore
    const lengths = (x: number): Record<string, ValueFact> => ({ "m/lengths": { ok: true, lengths: { x } } });
    const first: ActionFact = { phase: "Running", slices: 2 };
    const big = [{}, { m: first }].flatMap((actions) => decide(plan, { actions, values: lengths(10_000) }).start);
    assert.deepEqual(big.map(({ action, map }) => [action, map?.offset, map?.count, map?.slices]), [["m", 0, 8_192, 2], ["m[8192:]", 8_192, 1_808, 2]]); // prettier-ignore
    const half: ActionFact = { phase: "Succeeded", slices: 2, items: { succeeded: 8_192, failed: 0 } };
    assert.deepEqual(started(decide(plan, { actions: { m: half }, values: lengths(10_000) })), ["m[8192:]"]);
    assert.equal(decide(plan, { values: lengths(0) }).run.phase, "Succeeded");
  });

  it("refuses collections of different length", () => {
    const wf = workflow("wf", {
      inputs: { xs: "list<integer>", ys: "list<integer>" },
      nodes: { m: { task: "two", map: { over: { a: { from: "inputs.xs" }, b: { from: "inputs.ys" } }, failed: "Keep" } } },
    });
    const plan = open("wf", wf, task("two", { a: "integer", b: "integer" }, {}));
    const decision = decide(plan, { values: { "m/lengths": { ok: true, lengths: { a: 2, b: 3 } } } });
    assert.deepEqual([decision.run.phase, decision.run.error?.code], ["Failed", "InvalidArrayLength"]);
  });

  it("runs sub-workflows in place, with paths of their own and values across the border", () => {
    const outer = workflow("outer", {
      inputs: { n: "integer" },
      outputs: { end: { type: "integer", from: "nodes.sub.outputs.last" } },
      nodes: { sub: { workflow: "chain", inputs: { n: { from: "inputs.n" } } } },
    });
    const plan = open("outer", outer, chain, step);
    const first = decide(plan);
    assert.deepEqual(started(first), ["sub.a"]);
    assert.deepEqual(first.start[0]?.inputs["x"]?.from, { kind: "input", type: "integer", name: "n" });
    const ended = decide(plan, { actions: { "sub.a": "Succeeded", "sub.b": "Succeeded" } });
    assert.deepEqual(ended.run.outputs?.["end"]?.from, { kind: "output", type: "integer", action: "sub.b", name: "y" });
  });

  it("keeps to maxParallelism, to the namespace's budget, and to suspend", () => {
    const nodes = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, { task: "step" }]));
    const plan = open("wf", workflow("wf", { nodes, maxParallelism: 2 }), step);
    assert.deepEqual(started(decide(plan, { actions: { a: "Running" } })), ["b"]);
    assert.deepEqual(started(decide(plan, { facts: { maxParallelism: 3 } })), ["a", "b", "c"]);
    assert.deepEqual(started(decide(plan, { facts: { startBudget: 1 } })), ["a"]);
    assert.deepEqual(started(decide(plan, { facts: { startBudget: 0 } })), []);
    assert.deepEqual(started(decide(plan, { facts: { suspended: true } })), []);
  });

  it("fails a run whose output is absent, and tells the failure node", () => {
    const wf = workflow("wf", {
      outputs: { y: { type: "integer", from: "nodes.a.outputs.y" } },
      nodes: { a: { task: "step" } },
      onFailure: { task: "step" },
    });
    const plan = open("wf", wf, step);
    const decision = decide(plan, { actions: { a: "Skipped" } });
    assert.deepEqual([decision.run.phase, decision.run.error?.code, started(decision)], ["Running", "OutputMissing", [".on-failure"]]);
    assert.equal(decide(plan, { actions: { a: "Skipped", ".on-failure": "Succeeded" } }).run.phase, "Failed");
  });

  it("decides about ten thousand nodes in little time", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [
        `n${at}`,
        at < 10 ? { task: "step" } : { task: "step", inputs: { x: { from: `nodes.n${at - 10}.outputs.y` } } },
      ]),
    );
    const plan = open("wf", workflow("wf", { nodes }), step);
    const actions = new Map(Array.from({ length: 5_000 }, (_, at) => [`n${at}`, { phase: "Succeeded" } as const]));
    const facts = { ...factsOf({}), actions };
    next(plan, facts);
    const before = performance.now();
    const decision = next(plan, facts);
    assert.equal(decision.start.length, 10);
    assert.ok(performance.now() - before < 1_000, `${performance.now() - before} ms`);
  });
});
