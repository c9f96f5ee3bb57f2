import { type AuthoredObjectOf, defineKind, integer, object, type ObjectOf } from "../schema/index.ts";
import { nameOf, ours } from "./names.ts";
import { quantities } from "./policies.ts";

const concurrency = (text: string) => object({ maxConcurrent: integer({ minimum: 0, maximum: 1_000_000 }).optional().doc(text) });

const count = (text: string) => integer({ minimum: 0 }).optional().doc(text);

const spec = object({
  taskDefaults: quantities.optional().doc("Requests of tasks that name none, by resource name."),
  taskLimits: quantities.optional().doc("The most one task may ask for. Above it: a problem of the definition, never clamped."),
  namespace: quantities.optional().doc("Totals of the namespace, as in a ResourceQuota: requests.cpu, limits.memory, pods."),
  runs: concurrency("Unfinished Runs at once; more are queued.").optional().doc("Limits of Runs."),
  actions: concurrency("Running actions at once; more are queued.").optional().doc("Limits of actions."),
  queue: nameOf().optional().doc("Kueue LocalQueue that pods are admitted by."),
});

const status = object({
  used: quantities.optional().doc("What the namespace uses now."),
  runningRuns: count("Runs that are on their way."),
  queuedRuns: count("Runs that wait."),
  runningActions: count("Actions that are on their way."),
  queuedActions: count("Actions that wait."),
});

export const ProjectQuotaKind = defineKind({
  ...ours,
  kind: "ProjectQuota",
  plural: "projectquotas",
  shortNames: ["fpq"],
  namespaced: true,
  doc: "Limits of one project and domain: task defaults and limits, namespace totals, Runs and actions at once. One per namespace, named default.",
  spec,
  status,
  rules: [
    {
      cel: "self.metadata.name == 'default'",
      check: ({ metadata: { name } }) => name === undefined || name === "default",
      message: "metadata.name of a ProjectQuota is default: there is exactly one per namespace",
      at: ["metadata", "name"],
    },
  ],
  conditions: {
    Ready: "The limits are in force.",
    Reconciling: "The limits are being put in force.",
    Stalled: "Somebody must change something first.",
    NotImplemented: "A part of the quota does not work yet; the message names it.",
  },
  columns: [
    { name: "Runs", path: "status.runningRuns", doc: "Runs that are on their way." },
    { name: "Queued", path: "status.queuedRuns", doc: "Runs that wait." },
    { name: "Ready", condition: "Ready", doc: "Whether the limits are in force." },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type ProjectQuota = ObjectOf<typeof ProjectQuotaKind>;
export type AuthoredProjectQuota = AuthoredObjectOf<typeof ProjectQuotaKind>;
export type ProjectQuotaSpec = ProjectQuota["spec"];
export type ProjectQuotaStatus = NonNullable<ProjectQuota["status"]>;
