import { type AuthoredObjectOf, defineKind, duration, integer, list, object, type ObjectOf, oneOf, open, string, values } from "../schema/index.ts";
import { code, secrets, servingContainer } from "./container.ts";
import { labelName, objectName, ours, parameterNames } from "./names.ts";

const target = (text: string) => object({ target: integer({ minimum: 1, maximum: 1_000_000 }).doc(text) });

const metric = object({
  requestRate: target("Requests per second and replica.").optional().doc("Scales by requests per second."),
  concurrency: target("Requests at once per replica.").optional().doc("Scales by requests in flight."),
}).rule({
  cel: "has(self.requestRate) != has(self.concurrency)",
  check: (self) => (self.requestRate === undefined) !== (self.concurrency === undefined),
  message: "metric is exactly one of requestRate and concurrency",
});

const autoscaling = object({
  replicas: object({
    min: integer({ minimum: 0, maximum: 10_000 }).optional().doc("Fewest replicas; 0 needs Knative."),
    max: integer({ minimum: 1, maximum: 10_000 }).optional().doc("Most replicas."),
  })
    .rule({
      cel: "!has(self.min) || !has(self.max) || self.min <= self.max",
      check: ({ min, max }) => min === undefined || max === undefined || min <= max,
      message: "replicas.min may not be above replicas.max",
    })
    .optional()
    .doc("Bounds."),
  metric: metric.optional().doc("What the number of replicas follows."),
  scaledownPeriod: duration().optional().doc("How long load must be low before replicas are removed."),
});

const spec = object({
  container: servingContainer.optional().doc("Image, command, arguments, ports, environment and resources."),
  pod: open().optional().doc("A whole PodSpec instead of container."),
  autoscaling: autoscaling.optional().doc("How many replicas run."),
  inputs: values("binding", parameterNames)
    .optional()
    .doc("Values from outside, e.g. {from: trigger/nightly.lastSucceeded.outputs.model}; the App rolls when one changes."),
  links: list(
    object({
      title: string({ minLength: 1, maxLength: 256 }).doc("Text of the link."),
      path: string({ minLength: 1, maxLength: 2048 }).doc("Path below the App's address."),
    }),
    { max: 32 },
  )
    .optional()
    .doc("Links for people."),
  code: code.optional().doc("A directory of the commit, unpacked at /code."),
  secrets: secrets.optional().doc("Secrets as variables or files."),
  serviceAccountName: objectName().optional().doc("Service account of the pods."),
  desiredState: oneOf("Started", "Stopped").default("Started").doc("Whether it runs."),
}).rule({
  cel: "has(self.container) != has(self.pod)",
  check: (app) => (app.container === undefined) !== (app.pod === undefined),
  message: "an App has exactly one of container and pod",
});

const status = object({
  deploymentStatus: oneOf("UNASSIGNED", "ASSIGNED", "PENDING", "DEPLOYING", "ACTIVE", "SCALING_UP", "SCALING_DOWN", "STOPPED", "FAILED")
    .optional()
    .doc("Flyte's deployment status."),
  substate: string({ maxLength: 64 }).optional().doc("What hinders it, e.g. IMAGE_PULL_ERROR, CRASH_LOOP, OOM_KILLED."),
  url: string().optional().doc("Address of the App."),
  replicas: integer({ minimum: 0 }).optional().doc("Replicas that are ready."),
  inputs: values("literal").optional().doc("Digests of the inputs that are in use."),
});

export const AppKind = defineKind({
  ...ours,
  kind: "App",
  plural: "apps",
  shortNames: ["fapp"],
  namespaced: true,
  doc: "A long-running service.",
  spec,
  status,
  rules: [labelName("App", 40)],
  conditions: {
    Ready: "The App serves.",
    Reconciling: "The App is being rolled out.",
    Stalled: "The App cannot be rolled out until somebody changes something.",
    NotImplemented: "Apps, or a part of this one, do not work yet; the message names it.",
  },
  columns: [
    { name: "Status", path: "status.deploymentStatus", doc: "Flyte's deployment status." },
    { name: "Replicas", path: "status.replicas", doc: "Replicas that are ready." },
    { name: "URL", path: "status.url", doc: "Address of the App." },
    { name: "Ready", condition: "Ready", doc: "Whether it serves." },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type App = ObjectOf<typeof AppKind>;
export type AuthoredApp = AuthoredObjectOf<typeof AppKind>;
export type AppSpec = App["spec"];
export type AppStatus = NonNullable<App["status"]>;
