import assert from "node:assert/strict";
import type { Run, TaskAction, Workflow } from "../../crds/index.ts";
import { failedAction, failureLines } from "./failure.ts";
import { runTree } from "./run-tree.ts";
import { table } from "./table.ts";
import { whyRun } from "./why.ts";

const NOW = Date.parse("2026-01-01T00:10:00Z");

function run(status: NonNullable<Run["status"]>): Run {
  return {
    apiVersion: "flyte.org/v1",
    kind: "Run",
    metadata: { name: "first", namespace: "ml-development", uid: "u" },
    spec: { workflow: "penguins", desiredState: "Running" },
    status: { of: "penguins", startTime: "2026-01-01T00:09:50Z", ...status },
  };
}

function action(node: string, status: NonNullable<TaskAction["status"]>, spec: Partial<TaskAction["spec"]> = {}): TaskAction {
  const identity = { runName: "first", runUid: "u", project: "ml", domain: "development", actionName: node, node };
  return {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name: `first-${node}` },
    spec: { ...identity, desiredState: "Running", ...spec },
    status,
  };
}

const workflow = {
  apiVersion: "flyte.org/v1",
  kind: "Workflow",
  metadata: { name: "penguins" },
  spec: {
    nodes: {
      split: { task: "split" },
      train: { task: "train", inputs: { fold: { from: "nodes.split.outputs.parts" } } },
      report: { task: "report", after: ["train"] },
    },
  },
} as unknown as Workflow;

describe("the tree of a run", () => {
  it("shows nodes in the order of the workflow, with those that have not started", () => {
    const lines = runTree(
      run({ phase: "Running", done: "1/3" }),
      [
        action("train", { phase: "Running", startTime: "2026-01-01T00:09:58Z" }),
        action("split", { phase: "Succeeded", startTime: "2026-01-01T00:09:50Z", endTime: "2026-01-01T00:09:52Z" }),
      ],
      workflow,
      { now: NOW },
    );
    assert.deepEqual(
      lines.map((line) => line.replace(/\s+/g, " ")),
      ["ml-development/first penguins Running 1/3 10s", "├─ ✔ split Succeeded 2.0s", "├─ ● train Running 2.0s", "└─ · report Waiting"],
    );
  });

  it("says of a run that succeeded which nodes were skipped, unless the workflow has changed since", () => {
    const plan = { digest: "sha256:1", revision: "main" };
    const done = run({ phase: "Succeeded", endTime: "2026-01-01T00:09:55Z", plan });
    const last = (now: unknown) => runTree(done, [], { ...workflow, status: { plan: now } } as Workflow, { now: NOW }).at(-1);
    assert.match(`${last(plan)}`, /– report +Skipped/);
    assert.doesNotMatch(`${last({ digest: "sha256:2" })}`, /report/);
  });

  it("counts the items of a map and says which attempt runs", () => {
    const train = action(
      "train",
      { phase: "Running", attempts: 2, items: { phases: "SFR", succeeded: 1, failed: 1, running: 1 } },
      { map: { count: 3, over: ["fold"], failed: "Keep" } },
    );
    const line = runTree(run({ phase: "Running" }), [train], workflow, { now: NOW }).find((each) => each.includes("train"));
    assert.match(line ?? "", /2\/3 \(1 failed\) {2}attempt 2/);
  });

  it("lets no control sequence of an error reach the terminal", () => {
    const lines = runTree(
      run({ phase: "Failed", endTime: "2026-01-01T00:10:00Z", error: { code: "ExitCode", kind: "USER", message: "\u001b[2Jgone", node: "split" } }),
      [],
      workflow,
      { now: NOW },
    );
    assert.equal(lines.join("").includes("\u001b"), false);
  });

  it("shows only what failed when asked to", () => {
    const lines = runTree(
      run({ phase: "Failed" }),
      [action("split", { phase: "Succeeded" }), action("train", { phase: "Failed", errorState: { code: "ExitCode", kind: "USER", message: "exit code 7" } })],
      workflow,
      { now: NOW, failedOnly: true },
    );
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? "", /train.*ExitCode: exit code 7/);
  });
});

describe("a failure", () => {
  const failed = run({ phase: "Failed", error: { code: "ExitCode", kind: "USER", message: "exit code 7", node: "break" } });
  const broken = action("break", { phase: "Failed", exitCode: 7, attempts: 2 }, { task: "break", source: "tasks/break.yaml:3" });

  it("names node, exit code, attempts, file and line, the end of the log and the next command", () => {
    const text = failureLines({ run: failed, action: broken, log: ["breaking on purpose"] }).join("\n");
    for (const part of [
      "node break failed, exit code 7, after 2 attempts",
      "tasks/break.yaml:3",
      "breaking on purpose",
      "flyteops logs first/break -n ml-development",
    ])
      assert.ok(text.includes(part), part);
  });

  it("is explained by the action that the run names", () => {
    const other = action("split", { phase: "Failed" });
    assert.equal(failedAction(failed, [other, broken]), broken);
  });
});

describe("why", () => {
  it("says which nodes a node waits for", () => {
    const lines = whyRun(run({ phase: "Running" }), [action("split", { phase: "Running" })], workflow, "train", NOW);
    assert.deepEqual(lines, ["train waits for split (Running)"]);
  });

  it("says what a retry has used up", () => {
    const split = action(
      "split",
      { phase: "Queued", attempts: 2, userFailures: 1, nextAttemptAt: "2026-01-01T00:10:05Z" },
      { policy: { retries: { limit: 2, system: 3, preemption: 3, onExit: { retry: [], fail: [], skip: [] } }, interruptible: false } },
    );
    const text = whyRun(run({ phase: "Running" }), [split], workflow, "split", NOW).join("\n");
    assert.match(text, /next attempt starts in 5\.0s/);
    assert.match(text, /1 failures of its own code; 2 may be run again/);
  });
});

describe("a table", () => {
  it("pads to the widest cell and leaves no blanks at the end of a line", () => {
    assert.equal(
      table(
        ["NAME", "PHASE"],
        [
          ["a", "Succeeded"],
          ["longer", ""],
        ],
      ),
      "NAME     PHASE\na        Succeeded\nlonger\n",
    );
  });
});
