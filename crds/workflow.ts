import {
  type AuthoredObjectOf,
  boolean,
  defineKind,
  duration,
  integer,
  list,
  map,
  number,
  object,
  type ObjectOf,
  oneOf,
  type Parsed,
  string,
  values,
} from "../schema/index.ts";
import { labelName, nameOf, nodeName, nodeNames, ours, parameterNames } from "./names.ts";
import { boundOutputs, inputs } from "./parameter.ts";
import { definitionConditions, definitionProblems, planReference } from "./plan-status.ts";
import { cache, overrides, retries, timeouts } from "./policies.ts";

export const MAX_NODES = 10_000;

export const expression = object({
  expr: string({ minLength: 1, maxLength: 16384 }).doc('CEL expression, e.g. "nodes.best.outputs.accuracy >= inputs.minAccuracy".'),
}).named("Expression");

const mapOver = object({
  over: values("binding", parameterNames).doc("Inputs of the node that get one item each: a list, a map or a directory."),
  concurrency: integer({ minimum: 1, maximum: 100_000 }).optional().doc("How many items run at once. Absent means as many as the Run allows."),
  minSuccessRatio: number({ minimum: 0, maximum: 1 }).optional().doc("Share of items that must succeed. Absent means 1."),
  failed: oneOf("Drop", "Keep").default("Keep").doc("Keep gives none for a failed item (list<T | none>); Drop leaves it out."),
}).named("Map");

const branchCase = object({
  if: expression.optional().doc("Condition of the case. Absent in the last case: otherwise."),
  then: nodeName().optional().doc("Node to run. It runs only when a branch picks it."),
  fail: string({ minLength: 1 }).optional().doc("Fails the branch with this message."),
}).rule({
  cel: "has(self.then) != has(self.fail)",
  check: (option) => (option.then === undefined) !== (option.fail === undefined),
  message: "a case of a branch has exactly one of then: NODE and fail: MESSAGE",
});

const branch = list(branchCase, { min: 1, max: 100 }).rule({
  check: (cases) => cases.slice(0, -1).every((option) => option.if !== undefined),
  message: "only the last case of a branch may leave out if: nothing after it could be reached",
});

const approve = object({
  prompt: string().optional().doc("Question to the person who approves."),
  timeout: duration().optional().doc("How long to wait; then the node fails with ConditionTimedOut."),
});

const signal = object({
  type: string({ minLength: 1, maxLength: 1024 }).doc("Type of the value: boolean, integer, float or string."),
  prompt: string().optional().doc("Question to the person who answers."),
  timeout: duration().optional().doc("How long to wait; then the node fails with ConditionTimedOut."),
});

const wait = object({
  resource: object({
    apiVersion: string({ minLength: 1, maxLength: 253 }).doc("API version of the resource, e.g. v1 or serving.knative.dev/v1."),
    kind: string({ minLength: 1, maxLength: 63 }).doc("Kind of the resource."),
    name: string({ minLength: 1, maxLength: 253 }).doc("Name of the resource, in the namespace of the Run."),
  }).doc("The resource to look at."),
  until: expression.doc("Over object, e.g. \"object.status.phase == 'Ready'\"."),
  timeout: duration().optional().doc("How long to wait."),
});

/** What a node runs, where it runs something. */
const work = {
  task: nameOf().optional().doc("Runs this Task."),
  workflow: nameOf().optional().doc("Runs this Workflow inside the Run."),
  trigger: nameOf().optional().doc("Runs this Trigger as a Run of its own."),
};

const policies = {
  inputs: values("binding", parameterNames)
    .optional()
    .doc("Inputs by name: a literal, {from: …}, {expr: …}, {firstOf: […]}, {file: …}, {directory: …}, {uri: …} or {value: …}."),
  timeout: duration().optional().doc("The longest one attempt may take."),
  timeouts: timeouts.optional().doc("Limits over all attempts and for the wait before the first."),
  retries: retries.optional().doc("How often, and after what, to run again."),
  cache: cache.optional().doc("How results are reused."),
  interruptible: boolean().optional().doc("Whether the work may run where it can be preempted."),
  overrides: overrides.optional().doc("What this node changes of the Task."),
};

const NODE_KINDS = ["task", "workflow", "trigger", "branch", "approve", "signal", "sleep", "wait"] as const;
const PLAIN_KINDS = ["task", "workflow", "trigger", "approve", "signal", "sleep", "wait"] as const;
const has = (names: readonly string[]) => `[${names.map((name) => `has(self.${name})`).join(", ")}]`;

const node = object({
  ...work,
  map: mapOver.optional().doc("Runs the task, workflow or trigger once per item."),
  branch: branch.optional().doc("Picks the first case whose condition holds."),
  approve: approve.optional().doc("Waits until a person approves; passes its inputs through."),
  signal: signal.optional().doc("Waits for a value from outside."),
  sleep: duration().optional().doc("Waits this long."),
  wait: wait.optional().doc("Waits until an expression over a resource holds."),
  after: list(nodeName().doc("A node."), { max: 1000 }).optional().doc("Nodes to wait for without using their data."),
  ...policies,
})
  .rule({
    cel: `${has(NODE_KINDS)}.exists_one(x, x)`,
    check: (self) => NODE_KINDS.filter((kind) => self[kind] !== undefined).length === 1,
    found: (self) => NODE_KINDS.filter((kind) => self[kind] !== undefined),
    message: `a node is exactly one of ${NODE_KINDS.join(", ")}`,
  })
  .rule({
    cel: "!has(self.map) || has(self.task) || has(self.workflow) || has(self.trigger)",
    check: (self) => !self.map || self.task !== undefined || self.workflow !== undefined || self.trigger !== undefined,
    message: "map goes around a task, a workflow or a trigger",
  })
  .named("Node");

const plainNode = object({
  ...work,
  approve: approve.optional().doc("Waits until a person approves; passes its inputs through."),
  signal: signal.optional().doc("Waits for a value from outside."),
  sleep: duration().optional().doc("Waits this long."),
  wait: wait.optional().doc("Waits until an expression over a resource holds."),
  ...policies,
})
  .rule({
    cel: `${has(PLAIN_KINDS)}.exists_one(x, x)`,
    check: (self) => PLAIN_KINDS.filter((kind) => self[kind] !== undefined).length === 1,
    found: (self) => PLAIN_KINDS.filter((kind) => self[kind] !== undefined),
    message: "onFailure and finally are one plain node: exactly one of task, workflow, trigger, approve, signal, sleep, wait",
  })
  .named("PlainNode");

const spec = object({
  inputs: inputs.optional().doc("Inputs by name: a type, or {type, description, default}."),
  outputs: boundOutputs.optional().doc("Outputs by name: {type, from}."),
  nodes: map(node.doc("One step of the workflow."), { min: 1, max: MAX_NODES, atomic: true, keys: nodeNames }).doc(
    "Steps by name. Order comes from the data they use, and from after.",
  ),
  onFailure: plainNode.optional().doc("Runs when the Run fails or times out, not when it is aborted."),
  finally: plainNode.optional().doc("Runs last in any case, also after abort and timeout."),
  timeout: duration().optional().doc("The longest a Run may take."),
  failurePolicy: oneOf("FailImmediately", "FailAfterRunningNodesComplete").default("FailImmediately").doc("Whether a failed node stops the others at once."),
  maxParallelism: integer({ minimum: 1, maximum: 100_000 }).optional().doc("How many actions of one Run run at once."),
});

const status = object({
  plan: planReference.optional().doc("The compiled graph."),
  problems: definitionProblems.optional().doc("What is wrong with the definition."),
  nodes: integer({ minimum: 0 }).optional().doc("Number of nodes."),
});

export const WorkflowKind = defineKind({
  ...ours,
  kind: "Workflow",
  plural: "workflows",
  shortNames: ["fwf"],
  namespaced: true,
  doc: "A typed graph of nodes. Large ones (over 256 KiB) need kubectl apply --server-side.",
  spec,
  status,
  rules: [labelName("Workflow", 63)],
  conditions: definitionConditions,
  columns: [
    { name: "Nodes", path: "status.nodes", doc: "Number of nodes." },
    { name: "Ready", condition: "Ready", doc: "Whether it can be run." },
    { name: "Revision", path: "status.plan.revision", doc: "Revision it was compiled from.", wide: true },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type Workflow = ObjectOf<typeof WorkflowKind>;
export type AuthoredWorkflow = AuthoredObjectOf<typeof WorkflowKind>;
export type WorkflowSpec = Workflow["spec"];
export type WorkflowStatus = NonNullable<Workflow["status"]>;
/** A node with any of its kinds: exactly one of the fields named in NODE_KINDS is there. */
export type NodeSpec = WorkflowSpec["nodes"][string];
/** onFailure and finally: no branch, map or after. */
export type PlainNodeSpec = Parsed<typeof plainNode>;
export type MapSpec = Parsed<typeof mapOver>;
