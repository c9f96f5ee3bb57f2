import {
  type AuthoredObjectOf,
  boolean,
  bytes,
  defineKind,
  duration,
  integer,
  list,
  map,
  number,
  object,
  type ObjectOf,
  oneOf,
  quantity,
  string,
  timestamp,
} from "../schema/index.ts";
import { digest, nodePaths, objectName, ours, revision } from "./names.ts";

export const ACTION_PHASES = ["Queued", "WaitingForResources", "Initializing", "Running", "Succeeded", "Failed", "Aborted", "TimedOut", "Skipped"] as const;
export type ActionPhase = (typeof ACTION_PHASES)[number];

const runName = () => string({ minLength: 1, maxLength: 30 });
const budget = (text: string) => integer({ minimum: 0, maximum: 100 }).doc(text);
const exitCodes = (text: string) => list(integer({ minimum: 0, maximum: 255 }).doc("An exit code."), { max: 64 }).doc(text);
const uri = () => string({ maxLength: 4096 });

const policy = object({
  retries: object({
    limit: budget("Re-runs after a failure of the user's code."),
    system: budget("Re-runs after a failure of the platform."),
    preemption: budget("Re-runs after losing the node."),
    onExit: object({
      retry: exitCodes("Exit codes that are run again."),
      fail: exitCodes("Exit codes that are never run again."),
      skip: exitCodes("Exit codes that end the action as Skipped."),
    }).doc("What single exit codes mean."),
    backoff: object({
      duration: duration().doc("Wait before the first re-run."),
      factor: number({ minimum: 1, maximum: 100 }).doc("What each further wait is multiplied by."),
      cap: duration().doc("The longest wait."),
    })
      .optional()
      .doc("How long to wait between attempts."),
    onOOM: object({
      memoryFactor: number({ minimum: 1, maximum: 16 }).doc("What memory is multiplied by after an out-of-memory kill."),
      maxMemory: quantity().optional().doc("Memory is never raised above this."),
    })
      .optional()
      .doc("More memory after an out-of-memory kill."),
  }).doc("How often, and after what, to run again."),
  timeout: duration().optional().doc("The longest one attempt may take."),
  queuedTimeout: duration().optional().doc("From creation until the first attempt runs."),
  totalTimeout: duration().optional().doc("All attempts together."),
  interruptible: boolean().doc("Whether the work may run where it can be preempted."),
});

const mapOver = object({
  count: integer({ minimum: 0, maximum: 1_000_000 }).doc("Number of items."),
  offset: integer({ minimum: 0, maximum: 1_000_000_000 }).optional().doc("Index of the first item in the whole map, where this action is one slice of it."),
  over: list(string({ maxLength: 63 }).doc("An input."), { max: 256 }).doc("Inputs that get one item each."),
  concurrency: integer({ minimum: 1, maximum: 100_000 }).optional().doc("How many items run at once."),
  minSuccessRatio: number({ minimum: 0, maximum: 1 }).optional().doc("Share of items that must succeed."),
  failed: oneOf("Drop", "Keep").doc("Whether a failed item is left out of the outputs, or none."),
});

const spec = object({
  runName: runName().immutable().doc("Name of the Run."),
  runUid: string({ minLength: 1, maxLength: 63 }).immutable().doc("Identity of the Run."),
  project: string({ minLength: 1, maxLength: 63 }).immutable().doc("Project of the Run."),
  domain: string({ minLength: 1, maxLength: 63 }).immutable().doc("Domain of the Run."),
  actionName: runName().immutable().doc("Name of the action in its Run."),
  parentActionName: runName().optional().immutable().doc("Action that this one belongs to."),
  actionType: oneOf("task", "condition").optional().immutable().doc("task (also when absent), or condition: an approval or a signal."),
  conditionSpec: bytes(65536).optional().immutable().doc("Serialised workflow.ConditionAction of a condition."),
  inputUri: uri().optional().immutable().doc("Where the inputs are stored."),
  runOutputBase: uri().optional().immutable().doc("Prefix under which the Run stores its data."),
  cacheKey: string({ maxLength: 256 }).optional().immutable().doc("Key of the result in the cache; absent means no reuse."),
  taskType: string({ maxLength: 63 }).optional().immutable().doc("Task type, which picks the plugin."),
  shortName: string({ maxLength: 63 }).optional().immutable().doc("Name for people."),
  taskTemplate: bytes(786432).optional().immutable().doc("Serialised core.TaskTemplate."),
  envVars: map(string({ maxLength: 131072 }).doc("Value of the variable."), { max: 256 })
    .optional()
    .immutable()
    .doc("Environment variables of the Run."),
  interruptible: boolean().optional().immutable().doc("What the Run says about preemption."),
  group: string({ maxLength: 256 }).optional().immutable().doc("Group of actions that belong together."),
  node: string({ minLength: 1, maxLength: 512, expects: nodePaths.expects }).immutable().doc("Path of the node, e.g. train or publish.ok."),
  task: string({ maxLength: 63 }).optional().immutable().doc("Name of the Task."),
  plan: digest().optional().immutable().doc("Digest of the plan that the Run is pinned to."),
  revision: revision().optional().immutable().doc("Revision that the definitions of the Run came from."),
  source: string({ maxLength: 1200 }).optional().immutable().doc("file:line of the Task in the repository."),
  code: object({
    path: string({ maxLength: 1024 }).doc("Directory in the repository."),
    digest: digest().optional().doc("Digest of the stored bundle."),
    revision: revision().optional().doc("Revision that the bundle came from."),
  })
    .optional()
    .immutable()
    .doc("What is unpacked at /code."),
  policy: policy.optional().immutable().doc("Retries and time limits."),
  map: mapOver.optional().immutable().doc("Runs the task once per item."),
  dataPrefixes: list(string({ maxLength: 1024 }).doc("A URI prefix."), { max: 64 })
    .optional()
    .immutable()
    .doc("Where data given as {uri: …} may lie: what the Project said when the Run was taken up."),
  serviceAccountName: objectName().optional().immutable().doc("Service account of the pods."),
  deadline: timestamp().optional().immutable().doc("When the time of the Run is up."),
  desiredState: oneOf("Running", "Aborted").default("Running").doc("Aborted stops the action, for good."),
  abortReason: string().optional().doc("Why the action is aborted."),
}).rule({
  transition: true,
  cel: "oldSelf.desiredState != 'Aborted' || self.desiredState == 'Aborted'",
  check: (action, old) => old?.desiredState !== "Aborted" || action.desiredState === "Aborted",
  message: "an aborted action stays aborted",
  at: ["desiredState"],
});

const count = (text: string) => integer({ minimum: 0 }).doc(text);

const status = object({
  phase: oneOf(...ACTION_PHASES)
    .optional()
    .doc("Where the action stands."),
  stateJson: string({ maxLength: 8192 }).optional().doc("Phase, action and time as JSON, in Flyte's form."),
  pluginState: bytes(65536).optional().doc("What the plugin remembers between reconciles."),
  pluginStateVersion: integer({ minimum: 0, maximum: 255 }).optional().doc("Version of pluginState."),
  pluginPhase: string({ maxLength: 64 }).optional().doc("Phase as the plugin says it."),
  pluginPhaseVersion: integer({ minimum: 0, maximum: 4294967295 }).optional().doc("Grows while the plugin phase stays."),
  attempts: integer({ minimum: 0 }).optional().doc("Attempt that runs or ran last, from 1."),
  systemFailures: count("Failures of the platform so far.").optional(),
  userFailures: count("Failures of the user's code so far.").optional(),
  preemptions: count("Nodes lost so far.").optional(),
  cacheStatus: integer({ minimum: 0, maximum: 100 }).optional().doc("core.CatalogCacheStatus as a number, as in Flyte."),
  cache: string({ maxLength: 32 }).optional().doc("The same as a word: Hit, Miss, Populated, Disabled, …"),
  phaseHistory: list(
    object({
      phase: string({ maxLength: 64 }).doc("Phase that began."),
      occurredAt: timestamp().doc("When."),
      message: string({ maxLength: 1024 }).optional().doc("Why."),
    }),
    { max: 256 },
  )
    .optional()
    .doc("Phases in order."),
  errorState: object({
    code: string({ maxLength: 256 }).optional().doc("What kind of failure, in one word."),
    kind: oneOf("USER", "SYSTEM", "").optional().doc("USER: definition, code or data; SYSTEM: the platform."),
    message: string({ maxLength: 8192 }).optional().doc("What happened and what to do."),
  })
    .optional()
    .doc("The last failure."),
  signalValue: bytes(65536).optional().doc("Serialised core.Literal of the answer, set once."),
  signalledBy: string({ maxLength: 253 }).optional().doc("Who answered."),
  signalledAt: timestamp().optional().doc("When the answer came."),
  outputs: object({ uri: uri().doc("Where the outputs are stored.") })
    .optional()
    .doc("The outputs."),
  pod: string({ maxLength: 253 }).optional().doc("Pod (or other resource) of the last attempt."),
  startTime: timestamp().optional().doc("When the first attempt started."),
  endTime: timestamp().optional().doc("When the action ended."),
  duration: string({ maxLength: 64 }).optional().doc("How long it took; written once, at the end."),
  nextAttemptAt: timestamp().optional().doc("When the next attempt starts."),
  exitCode: integer().optional().doc("Exit code of the last attempt."),
  progress: string({ maxLength: 1024 }).optional().doc("What the program says about its progress."),
  notes: list(string({ maxLength: 1024 }).doc("A note."), { max: 64 })
    .optional()
    .doc("Remarks for people that change nothing."),
  items: object({
    phases: string({ maxLength: 8192 }).doc("One character per item."),
    succeeded: count("Items that succeeded."),
    failed: count("Items that failed."),
    running: count("Items that are running."),
    failures: list(
      object({
        index: count("Index of the item."),
        code: string({ maxLength: 256 }).doc("What kind of failure."),
        message: string({ maxLength: 1024 }).doc("What happened."),
      }),
      { max: 100 },
    )
      .optional()
      .doc("The first failures."),
    state: string({ maxLength: 65536 }).optional().doc("Attempts and counters of the items, packed."),
  })
    .optional()
    .doc("The items of a map."),
});

export const TaskActionKind = defineKind({
  ...ours,
  kind: "TaskAction",
  plural: "taskactions",
  shortNames: ["fta"],
  namespaced: true,
  doc: "One executed action of a Run. Made by the run controller; read it, do not write it.",
  spec,
  status,
  conditions: {
    Ready: "The action has succeeded.",
    Reconciling: "The action is on its way.",
    Stalled: "The action has failed for good.",
    Progressing: "The action is on its way (Flyte's condition).",
    Succeeded: "The action has succeeded (Flyte's condition).",
    Failed: "The action has failed for good (Flyte's condition).",
    ImageNotUsed: "The image is not used on this machine; the message says what runs instead.",
  },
  columns: [
    { name: "Node", path: "spec.node", doc: "Path of the node." },
    { name: "Type", path: "spec.taskType", doc: "Task type." },
    { name: "Phase", path: "status.phase", doc: "Where the action stands." },
    { name: "Attempt", path: "status.attempts", doc: "Attempt that runs or ran last." },
    { name: "Cache", path: "status.cache", doc: "Whether the result was reused." },
    { name: "Duration", path: "status.duration", doc: "How long it took." },
  ],
});

export type TaskAction = ObjectOf<typeof TaskActionKind>;
export type AuthoredTaskAction = AuthoredObjectOf<typeof TaskActionKind>;
export type TaskActionSpec = TaskAction["spec"];
export type TaskActionStatus = NonNullable<TaskAction["status"]>;
