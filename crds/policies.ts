import { boolean, duration, integer, list, map, number, object, type Parsed, quantity, string } from "../schema/index.ts";
import { envNames, parameterNames } from "./names.ts";

const exitCodes = (text: string) =>
  list(integer({ minimum: 0, maximum: 255 }).doc("An exit code."), { max: 64 })
    .optional()
    .doc(text);

export const quantities = map(quantity().doc("A quantity such as 500m, 2Gi or 1."), { max: 64 });

export const resources = object({
  requests: quantities.optional().doc("What is reserved, by resource name: cpu, memory, ephemeral-storage, nvidia.com/gpu."),
  limits: quantities.optional().doc("What may not be exceeded. Defaults to the requests."),
}).named("Resources");

const backoff = object({
  duration: duration().optional().doc("Wait before the first re-run."),
  factor: number({ minimum: 1, maximum: 100 }).optional().doc("What each further wait is multiplied by."),
  cap: duration().optional().doc("The longest wait."),
});

const onExit = object({
  retry: exitCodes("Exit codes that are run again while the limit allows."),
  fail: exitCodes("Exit codes that are never run again."),
  skip: exitCodes("Exit codes that end the node as Skipped."),
});

const onOOM = object({
  memoryFactor: number({ minimum: 1, maximum: 16 }).optional().doc("What memory is multiplied by after an out-of-memory kill."),
  maxMemory: quantity().optional().doc("Memory is never raised above this."),
});

export const retries = object({
  limit: integer({ minimum: 0, maximum: 100 }).optional().doc("Re-runs after a failure of the user's code; 2 means at most 3 attempts. Absent means 0."),
  system: integer({ minimum: 0, maximum: 100 }).optional().doc("Re-runs after a failure of the platform (image pull, storage). Absent means 3."),
  preemption: integer({ minimum: 0, maximum: 100 }).optional().doc("Re-runs after losing the node or being evicted. Absent means 5."),
  onExit: onExit.optional().doc("What single exit codes mean."),
  backoff: backoff.optional().doc("How long to wait between attempts."),
  onOOM: onOOM.optional().doc("More memory after an out-of-memory kill."),
}).named("Retries");

export const cache = object({
  version: string({ minLength: 1, maxLength: 256 })
    .optional()
    .doc("auto (the default) is a digest of code, image, command, args, env and interface; any other text you change yourself."),
  serialize: boolean().optional().doc("Equal actions wait for the first one instead of running beside it."),
  ignoreInputs: list(string({ maxLength: 63, pattern: parameterNames.pattern, expects: parameterNames.expects }).doc("An input."), { max: 256 })
    .optional()
    .doc("Inputs that do not count for the cache key."),
  overwrite: boolean().optional().doc("Runs in any case and replaces what the cache holds."),
}).named("Cache");

export const timeouts = object({
  total: duration().optional().doc("All attempts together."),
  queued: duration().optional().doc("From creation until the first attempt runs."),
}).named("Timeouts");

/** What a node, or a Run for one node, changes of the Task it runs. Merged key by key: Task, then node, then Run. */
export const overrides = object({
  resources: resources.optional().doc("Requests and limits, merged by resource name."),
  retries: retries.optional().doc("How often, and after what, to run again."),
  env: map(string({ maxLength: 131072 }).doc("Value of the variable."), { max: 256, keys: envNames })
    .optional()
    .doc("Environment variables, merged by name."),
  cache: cache.optional().doc("How results are reused."),
  timeout: duration().optional().doc("The longest one attempt may take."),
  interruptible: boolean().optional().doc("Whether the work may run where it can be preempted."),
}).named("Overrides");

export type Resources = Parsed<typeof resources>;
export type Retries = Parsed<typeof retries>;
export type Cache = Parsed<typeof cache>;
export type Timeouts = Parsed<typeof timeouts>;
export type Overrides = Parsed<typeof overrides>;
