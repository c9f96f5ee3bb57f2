import {
  type AuthoredObjectOf,
  boolean,
  defineKind,
  duration,
  integer,
  list,
  object,
  type ObjectOf,
  oneOf,
  string,
  timestamp,
  values,
} from "../schema/index.ts";
import { labelName, digest, nameOf, objectName, ours, parameterNames, revision } from "./names.ts";
import { runOverrides } from "./run.ts";

const runTemplate = object({
  workflow: nameOf().optional().doc("Workflow to run. Exactly one of workflow and task."),
  task: nameOf().optional().doc("Task to run by itself."),
  fixedInputs: values("template", parameterNames).optional().doc("Inputs that whoever runs it may not change."),
  overrides: runOverrides.optional().doc("What its Runs change, without touching the definitions."),
  priority: integer({ minimum: -1000, maximum: 1000 }).optional().doc("Higher runs first where actions queue."),
  maxParallelism: integer({ minimum: 1, maximum: 100_000 }).optional().doc("How many actions of one Run run at once."),
  serviceAccountName: objectName().optional().doc("Service account of the pods."),
  timeout: duration().optional().doc("The longest a Run may take."),
  ttl: duration().optional().doc("How long a finished Run is kept in the cluster."),
}).rule({
  cel: "has(self.workflow) != has(self.task)",
  check: (run) => (run.workflow === undefined) !== (run.task === undefined),
  message: "run names exactly one of workflow and task",
});

const schedule = object({
  cron: string({ minLength: 1, maxLength: 256 })
    .optional()
    .doc('Five fields: minute, hour, day of month, month, day of week, e.g. "0 2 * * *"; or @hourly, @daily, @weekly, @monthly, @yearly.'),
  timezone: string({ maxLength: 64, pattern: "^[A-Za-z][A-Za-z0-9_+/-]*$", expects: "a time zone such as Europe/Amsterdam or UTC" })
    .optional()
    .doc("Time zone of cron. Absent means UTC."),
  every: duration().optional().doc("Fixed interval in real time."),
  startAt: timestamp().optional().doc("First instant of every."),
})
  .rule({
    cel: "has(self.cron) != has(self.every)",
    check: (self) => (self.cron === undefined) !== (self.every === undefined),
    message: "a schedule has exactly one of cron and every",
  })
  .rule({
    cel: "!has(self.timezone) || has(self.cron)",
    check: (self) => self.timezone === undefined || self.cron !== undefined,
    message: "timezone belongs to cron",
  })
  .rule({
    cel: "!has(self.startAt) || has(self.every)",
    check: (self) => self.startAt === undefined || self.every !== undefined,
    message: "startAt belongs to every",
  });

const onCommit = object({
  paths: list(string({ minLength: 1, maxLength: 1024 }).doc("A glob."), { max: 64 })
    .optional()
    .doc('Files of the repository that also count, e.g. ["data/**"].'),
});

const instantOrDate = () =>
  string({
    maxLength: 64,
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$",
    expects: 'a date or an instant, quoted: "2026-01-01"',
  });

const backfill = object({
  from: instantOrDate().doc("First instant, included."),
  to: instantOrDate().doc("Last instant, excluded."),
  order: oneOf("Oldest", "Newest").optional().doc("Which end comes first. Absent means Oldest."),
  maxConcurrent: integer({ minimum: 1, maximum: 1000 }).optional().doc("How many of its Runs run at once. Absent means 1."),
});

const spec = object({
  run: runTemplate.doc("What is run."),
  defaultInputs: values("template", parameterNames).optional().doc("Inputs that whoever runs it may change."),
  schedules: list(schedule, { max: 32 }).optional().doc("When it fires. Two schedules on one instant make one Run."),
  onCommit: onCommit.optional().doc("Fires when the compiled plan (code included) or a file input changes."),
  kickoffTimeInput: string({ maxLength: 63, pattern: parameterNames.pattern, expects: parameterNames.expects })
    .optional()
    .doc("Input of type datetime that gets the instant."),
  active: boolean().default(true).doc("Whether it fires."),
  concurrencyPolicy: oneOf("Allow", "Forbid", "Replace", "Queue")
    .default("Allow")
    .doc("What happens while a Run of it is unfinished: run beside it, drop, replace it, or queue (at most catchUp.max)."),
  startingDeadline: duration().optional().doc("Fires that are later than this are dropped."),
  backfill: list(backfill, { max: 16 }).optional().doc("Ranges in the past to run, once per instant."),
  catchUp: object({
    policy: oneOf("None", "Latest", "All").default("Latest").doc("Which missed fires are made up for."),
    max: integer({ minimum: 1, maximum: 1000 }).default(10).doc("At most this many."),
  })
    .optional()
    .doc("What happens to fires that were missed. Absent means Latest."),
  history: object({
    succeeded: integer({ minimum: 0, maximum: 10_000 }).optional().doc("Succeeded Runs to keep."),
    failed: integer({ minimum: 0, maximum: 10_000 }).optional().doc("Failed Runs to keep."),
  })
    .optional()
    .doc("How many finished Runs are kept."),
});

const runReference = object({
  name: string({ maxLength: 253 }).doc("Name of the Run."),
  uid: string({ maxLength: 63 }).optional().doc("Identity of the Run."),
  at: timestamp().optional().doc("Instant it stands for."),
});

const status = object({
  lastFireTime: timestamp().optional().doc("Last instant that was handled."),
  nextFireTime: timestamp().optional().doc("Next instant."),
  lastRun: runReference.optional().doc("The last Run it made."),
  lastSucceeded: object({
    name: string({ maxLength: 253 }).doc("Name of the Run."),
    endTime: timestamp().optional().doc("When it ended."),
    outputs: object({ uri: string().doc("Where the outputs are stored.") })
      .optional()
      .doc("Its outputs."),
  })
    .optional()
    .doc("The last Run that succeeded."),
  active: integer({ minimum: 0 }).optional().doc("Unfinished Runs."),
  queued: integer({ minimum: 0 }).optional().doc("Fires that wait for a Run to finish."),
  skipped: integer({ minimum: 0 }).optional().doc("Fires that were dropped."),
  onCommit: object({
    digest: digest().doc("Digest of plan and file inputs."),
    revision: revision().optional().doc("Revision that they came from."),
  })
    .optional()
    .doc("What onCommit last fired for."),
});

export const TriggerKind = defineKind({
  ...ours,
  kind: "Trigger",
  plural: "triggers",
  shortNames: ["ftrig"],
  namespaced: true,
  doc: "When to run something, with which inputs (Flyte's launch plan and trigger in one).",
  spec,
  status,
  rules: [labelName("Trigger", 63)],
  conditions: {
    Ready: "The trigger works: what it names exists and its inputs fit.",
    Reconciling: "The trigger is being taken up.",
    Stalled: "The trigger has a problem that an edit must solve.",
    Active: "The trigger fires.",
    NotImplemented: "A part of the trigger does not work yet; the message names it.",
  },
  columns: [
    { name: "Workflow", path: "spec.run.workflow", doc: "Workflow it runs." },
    { name: "Task", path: "spec.run.task", doc: "Task it runs.", wide: true },
    { name: "Active", path: "spec.active", doc: "Whether it fires." },
    { name: "Last", path: "status.lastFireTime", doc: "Time since it last fired." },
    { name: "Next", path: "status.nextFireTime", doc: "Next instant.", wide: true },
    { name: "Ready", condition: "Ready", doc: "Whether it works." },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type Trigger = ObjectOf<typeof TriggerKind>;
export type AuthoredTrigger = AuthoredObjectOf<typeof TriggerKind>;
export type TriggerSpec = Trigger["spec"];
export type TriggerStatus = NonNullable<Trigger["status"]>;
