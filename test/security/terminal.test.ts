import assert from "node:assert/strict";
import { printable } from "../../cli/index.ts";
import { table } from "../../cli/views/table.ts";
import { failureLines } from "../../cli/views/failure.ts";
import { problemLines } from "../../cli/views/problems.ts";
import { plain } from "../../cli/views/paint.ts";
import { runTree } from "../../cli/views/run-tree.ts";
import { whyRun } from "../../cli/views/why.ts";
import type { Run, TaskAction } from "../../crds/index.ts";

/** Clears the screen, sets the title, writes to the clipboard, and the same begun by the C1 forms. */
const EVIL = "\u001b[2J\u001b]0;owned\u0007\u001b]52;c;ZXZpbA==\u0007\u009b2J\r\b";
const harmless = (text: string) => assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);

const run = {
  apiVersion: "flyte.org/v1",
  kind: "Run",
  metadata: { name: "first", namespace: "ml-development", uid: "u" },
  spec: { workflow: "w" },
  status: {
    phase: "Failed",
    error: { code: EVIL, kind: "USER", message: EVIL, node: `a${EVIL}` },
    conditions: [{ type: "Ready", status: "False", reason: "X", message: EVIL }],
  },
} as unknown as Run;
const action = {
  spec: { node: "a", actionName: "a", task: "t", source: `${EVIL}.yaml:1` },
  status: {
    phase: "Failed",
    attempts: 2,
    errorState: { code: EVIL, kind: "USER", message: EVIL },
    items: { failures: [{ index: 0, code: EVIL, message: EVIL }] },
    notes: [EVIL],
    progress: EVIL,
  },
} as unknown as TaskAction;

describe("text of containers and repositories on a terminal", () => {
  it("moves no cursor in a table, nor begins a line of its own", () => {
    const text = table(["A"], [[`${EVIL}\nfaked line`]]);
    harmless(text);
    assert.equal(text.split("\n").length, 3);
  });

  it("is harmless in what is said of a failed run", () => {
    for (const line of failureLines({ run, action, log: [EVIL] })) harmless(line);
    for (const line of failureLines({ run, action, log: [] })) harmless(line);
    for (const line of runTree(run, [action], undefined, { now: 0 })) harmless(line);
    for (const line of whyRun(run, [action], undefined, undefined, 0)) harmless(line);
  });

  it("is one line per problem", () => {
    const problem = { file: `${EVIL}.yaml`, line: 1, column: 1, code: "X", message: `a\n::error::faked ${EVIL}`, severity: "error" as const };
    const [line = "", ...more] = problemLines([problem], plain, (file) => file);
    harmless(line);
    assert.deepEqual([more.length, line.includes("\n")], [0, false]);
  });

  it("keeps letters of every language", () => assert.equal(printable("Grüße, 世界, 😀\tx\ny"), "Grüße, 世界, 😀\tx\ny"));
});
