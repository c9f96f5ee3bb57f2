import { jsonEqual } from "../base/index.ts";
import {
  anything,
  type AuthoredObjectOf,
  boolean,
  defineKind,
  duration,
  integer,
  list,
  map,
  object,
  type ObjectOf,
  oneOf,
  type Parsed,
  string,
  timestamp,
  values,
} from "../schema/index.ts";
import { labelName, digest, nameOf, nodePaths, NODE_PATH_PATTERN, objectName, ours, parameterNames, revision } from "./names.ts";
import { overrides } from "./policies.ts";

export const RUN_PHASES = ["Queued", "Waiting", "Running", "Succeeded", "Failed", "Aborting", "Aborted", "TimedOut"] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

const TARGETS = ["workflow", "task", "trigger"] as const;

const count = (text: string) => integer({ minimum: 0 }).optional().doc(text);
const nodePath = () => string({ minLength: 1, maxLength: 512, pattern: NODE_PATH_PATTERN, expects: nodePaths.expects });

export const runOverrides = object({
  nodes: map(overrides.doc("What changes for this node."), { max: 1000, keys: nodePaths }).optional().doc("Changes by node path, e.g. train or publish.ok."),
  interruptible: boolean().optional().doc("Whether the work of this Run may run where it can be preempted."),
}).named("RunOverrides");

const signal = object({
  value: anything("literal").doc("The answer: true or false for an approval, else a value of the signal's type."),
  by: string({ maxLength: 253 }).optional().doc("Who answers."),
  reason: string().optional().doc("Why."),
}).named("Signal");

const reuse = object({
  run: nameOf(30).doc("An earlier Run in this namespace."),
  from: list(nodePath().doc("A node."), { max: 1000 }).optional().doc("Nodes that run again in any case, with everything after them."),
  definition: oneOf("Current", "Pinned").optional().doc("Current takes today's definition (the default), Pinned that of the earlier Run."),
});

const spec = object({
  workflow: nameOf().optional().immutable().doc("Workflow to run. Exactly one of workflow, task and trigger."),
  task: nameOf().optional().immutable().doc("Task to run by itself."),
  trigger: nameOf().optional().immutable().doc("Trigger whose workflow or task and inputs are taken."),
  inputs: values("literal", parameterNames).optional().immutable().doc("Inputs by name: a literal, {file: …}, {directory: …}, {uri: …} or {value: …}."),
  overrides: runOverrides.optional().immutable().doc("What this Run changes, without touching the definitions."),
  reuse: reuse.optional().immutable().doc("Takes results of an earlier Run where task and inputs are equal."),
  priority: integer({ minimum: -1000, maximum: 1000 }).optional().immutable().doc("Higher runs first where actions queue. Absent means 0."),
  serviceAccountName: objectName().optional().immutable().doc("Service account of the pods."),
  timeout: duration().optional().immutable().doc("The longest the Run may take."),
  signals: map(signal.doc("The answer for this node."), { max: 256, keys: nodePaths })
    .rule({
      transition: true,
      cel: "oldSelf.all(k, k in self && self[k] == oldSelf[k])",
      check: (signals, old) => Object.entries(old ?? {}).every(([path, given]) => jsonEqual(signals[path], given)),
      message: "a signal is given once: it can be neither changed nor taken back",
    })
    .optional()
    .doc("Answers to approve and signal nodes by node path. Each may be given once."),
  desiredState: oneOf("Running", "Aborted").default("Running").doc("Aborted ends the Run, for good."),
  abortReason: string().optional().doc("Why the Run is aborted."),
  maxParallelism: integer({ minimum: 1, maximum: 100_000 }).optional().doc("How many actions run at once."),
  ttl: duration().optional().doc("How long the finished Run is kept in the cluster."),
  suspend: boolean().optional().doc("Starts no new actions; running ones finish."),
})
  .rule({
    cel: "[has(self.workflow), has(self.task), has(self.trigger)].exists_one(x, x)",
    check: (run) => TARGETS.filter((target) => run[target] !== undefined).length === 1,
    found: (run) => TARGETS.filter((target) => run[target] !== undefined),
    message: "a Run names exactly one of workflow, task and trigger",
  })
  .rule({
    transition: true,
    cel: "oldSelf.desiredState != 'Aborted' || self.desiredState == 'Aborted'",
    check: (run, old) => old?.desiredState !== "Aborted" || run.desiredState === "Aborted",
    message: "an aborted Run stays aborted: start a new one",
    at: ["desiredState"],
  })
  .rule({
    transition: true,
    cel: "!has(oldSelf.signals) || has(self.signals)",
    check: (run, old) => old?.signals === undefined || run.signals !== undefined,
    message: "signals cannot be taken back",
    at: ["signals"],
  });

export const executionError = object({
  code: string({ maxLength: 256 }).doc("What kind of failure, in one word, e.g. ExitCode or OutputMissing."),
  kind: oneOf("USER", "SYSTEM").doc("USER: the definition, code or data; SYSTEM: the platform."),
  message: string({ maxLength: 8192 }).doc("What happened and what to do."),
  node: string({ maxLength: 512 }).optional().doc("Path of the node that failed."),
  attempt: integer({ minimum: 1 }).optional().doc("Attempt that failed, from 1."),
});

const nodeState = object({
  path: string({ maxLength: 512 }).doc("Path of the node, e.g. gate or publish.ok."),
  phase: string({ maxLength: 64 }).doc("Its phase."),
  reason: string({ maxLength: 1024 }).optional().doc("Why it waits or was skipped."),
  message: string({ maxLength: 1024 }).optional().doc("Why, in a sentence."),
  startTime: timestamp().optional().doc("When it started."),
  endTime: timestamp().optional().doc("When it ended."),
});

const signalState = object({
  by: string({ maxLength: 253 }).optional().doc("Who gave it."),
  verified: boolean().doc("Whether the cluster has checked that it was them."),
  at: timestamp().optional().doc("When it was seen."),
});

const status = object({
  phase: oneOf(...RUN_PHASES)
    .optional()
    .doc("Where the Run stands."),
  of: string({ maxLength: 253 }).optional().doc("The workflow or task that runs."),
  done: string({ maxLength: 64 }).optional().doc("Finished and total nodes, e.g. 4/9."),
  revisionShort: string({ maxLength: 320 }).optional().doc("Branch and short commit, e.g. main@3f2a9c."),
  duration: string({ maxLength: 64 }).optional().doc("How long it took; written once, at the end."),
  scheduledFor: timestamp().optional().doc("Instant that a Trigger started it for."),
  plan: object({
    digest: digest().doc("Digest of the compiled plan that this Run is pinned to."),
    revision: revision().optional().doc("Revision that the plan came from."),
  })
    .optional()
    .doc("The plan this Run is pinned to."),
  counts: object({
    total: count("Nodes that are known so far."),
    succeeded: count("Nodes that succeeded."),
    running: count("Nodes that are running."),
    failed: count("Nodes that failed."),
    aborted: count("Nodes that were aborted."),
    skipped: count("Nodes that were skipped."),
    cached: count("Nodes whose result was reused."),
    waiting: count("Nodes that have not started."),
  })
    .optional()
    .doc("How many nodes are in which state."),
  dataPrefixes: list(string({ maxLength: 1024 }).doc("A URI prefix."), { max: 64 })
    .optional()
    .doc("Where data given as {uri: …} may lie: spec.dataPrefixes of the Project when the Run was taken up."),
  startTime: timestamp().optional().doc("When the Run was taken up."),
  endTime: timestamp().optional().doc("When the Run ended."),
  inputs: object({
    uri: string().doc("Where the inputs are stored."),
    digest: digest().optional().doc("Digest of the inputs."),
  })
    .optional()
    .doc("The inputs as they were resolved."),
  outputs: object({
    uri: string().doc("Where the outputs are stored."),
    preview: values("literal").optional().doc("Scalars of at most 256 bytes, 4 KiB together; never a sensitive one."),
  })
    .optional()
    .doc("The outputs."),
  error: executionError.optional().doc("Why the Run failed."),
  nodes: list(nodeState, { max: 256 }).optional().doc("Nodes without a TaskAction of their own (sleep, approve, signal, wait, branch) that matter now."),
  signals: map(signalState.doc("Who answered."), { max: 256 }).optional().doc("By whom the signals were given."),
  attempt: integer({ minimum: 1 }).optional().doc("How often this Run was taken up, from 1."),
});

export const RunKind = defineKind({
  ...ours,
  kind: "Run",
  plural: "runs",
  shortNames: ["frun"],
  namespaced: true,
  doc: "One execution of a Workflow or a Task.",
  spec,
  status,
  conditions: {
    Ready: "The Run has finished successfully.",
    Reconciling: "The Run is on its way.",
    Stalled: "The Run cannot go on until somebody changes something, or has failed for good.",
    Resolved: "Definition and inputs are resolved: the plan is pinned and the inputs are stored.",
    Suspended: "No new actions are started.",
    Finished: "The Run has ended; the reason is its phase.",
  },
  rules: [labelName("Run", 30)],
  columns: [
    { name: "Of", path: "status.of", doc: "The workflow or task that runs." },
    { name: "Phase", path: "status.phase", doc: "Where the Run stands." },
    { name: "Done", path: "status.done", doc: "Finished and total nodes." },
    { name: "Failed", path: "status.counts.failed", doc: "Nodes that failed." },
    { name: "Revision", path: "status.revisionShort", doc: "Branch and short commit." },
    { name: "Started", path: "status.startTime", doc: "Time since the start." },
    { name: "Duration", path: "status.duration", doc: "How long it took." },
    { name: "For", path: "status.scheduledFor", doc: "Instant that a Trigger started it for.", wide: true },
  ],
});

export type Run = ObjectOf<typeof RunKind>;
export type AuthoredRun = AuthoredObjectOf<typeof RunKind>;
export type RunSpec = Run["spec"];
export type RunStatus = NonNullable<Run["status"]>;
export type RunOverrides = Parsed<typeof runOverrides>;
export type Signal = Parsed<typeof signal>;
export type ExecutionError = Parsed<typeof executionError>;

/** Whether a Run has come to its end, whichever. */
export const isFinished = (run: { readonly status?: Run["status"] }): boolean => run.status?.endTime !== undefined;
