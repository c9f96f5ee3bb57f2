import type { Json, JsonObject } from "../base/index.ts";
import type { Findings } from "./findings.ts";

/**
 * Every field that a Task, a Workflow or a Run can declare, and what becomes of it: `true` is honoured; a text refuses it
 * (code NotImplemented) and says what to do instead; a function refuses some of its values. `*` is any key or index. A test
 * walks the kinds' schemas, so that a field in neither list cannot exist.
 */
export type FieldRule = true | string | ((value: Json) => string | undefined);

export type FieldRules = Readonly<Record<string, FieldRule>>;

const refuseTrue =
  (sentence: string): FieldRule =>
  (value) =>
    value === true ? sentence : undefined;

const NO_CACHE = "caching does not work yet: remove cache";
const NO_PREEMPTION = "there is no preemptible capacity to choose yet: remove interruptible";
const NO_MASK = "sensitive does not work yet, because logs are not masked: pass the value as a secret";

const PARAMETER: FieldRules = { "*": true, "*.type": true, "*.description": true, "*.columns": true, "*.columns.*": true, "*.sensitive": refuseTrue(NO_MASK) };
const INPUT: FieldRules = { ...PARAMETER, "*.default": true, "*.download": true };
const RESOURCES: FieldRules = { requests: true, "requests.*": true, limits: true, "limits.*": true };
const CACHE: FieldRules = { version: NO_CACHE, serialize: NO_CACHE, ignoreInputs: NO_CACHE, "ignoreInputs.*": NO_CACHE, overwrite: NO_CACHE };
const TIMEOUTS: FieldRules = { total: true, queued: true };
const RETRIES: FieldRules = {
  limit: true,
  system: true,
  preemption: true,
  onExit: true,
  "onExit.retry": true,
  "onExit.retry.*": true,
  "onExit.fail": true,
  "onExit.fail.*": true,
  "onExit.skip": true,
  "onExit.skip.*": true,
  backoff: true,
  "backoff.duration": true,
  "backoff.factor": true,
  "backoff.cap": true,
  onOOM: true,
  "onOOM.memoryFactor": true,
  "onOOM.maxMemory": true,
};

function under(prefix: string, rules: FieldRules, self: FieldRule = true): FieldRules {
  return { [prefix]: self, ...Object.fromEntries(Object.entries(rules).map(([path, rule]) => [`${prefix}.${path}`, rule])) };
}

const OVERRIDES: FieldRules = {
  ...under("resources", RESOURCES),
  ...under("retries", RETRIES),
  env: true,
  "env.*": true,
  ...under("cache", CACHE, NO_CACHE),
  timeout: true,
  interruptible: refuseTrue(NO_PREEMPTION),
};

const plugin = (name: string): string => `tasks of type ${name} do not work yet: write a container task`;

export const TASK_FIELDS: FieldRules = {
  type: (value) => (value === "container" ? undefined : plugin(String(value))),
  ...under("inputs", INPUT),
  ...under("outputs", PARAMETER),
  container: true,
  "container.image": true,
  "container.command": true,
  "container.command.*": true,
  "container.args": true,
  "container.args.*": true,
  "container.env": true,
  "container.env.*": true,
  "container.env.*.name": true,
  "container.env.*.value": true,
  ...under("container.resources", RESOURCES),
  "container.workingDir": true,
  pod: plugin("pod"),
  spark: plugin("spark"),
  ray: plugin("ray"),
  dask: plugin("dask"),
  mpi: plugin("mpi"),
  pytorch: plugin("pytorch"),
  tensorflow: plugin("tensorflow"),
  dbt: plugin("dbt"),
  code: true,
  "code.path": true,
  "code.digest": true,
  "code.revision": true,
  "code.git": "code from another repository does not work yet: keep the directory in the followed repository",
  "code.git.url": true,
  "code.git.commit": true,
  data: true,
  "data.inputPath": true,
  "data.outputPath": true,
  "data.format": true,
  "data.layout": true,
  ...under("retries", RETRIES),
  timeout: true,
  ...under("timeouts", TIMEOUTS),
  ...under("cache", CACHE, NO_CACHE),
  interruptible: refuseTrue(NO_PREEMPTION),
  secrets: true,
  "secrets.*": true,
  "secrets.*.name": true,
  "secrets.*.key": true,
  "secrets.*.mount": true,
  "secrets.*.as": true,
  serviceAccountName: true,
};

const NO_BRANCH = "branch does not work yet: let the task decide, and end it Skipped with retries.onExit.skip";
const NO_GATE = "nodes that wait for a person do not work yet: split the workflow and start the second part by hand";
const NO_SLEEP = "sleep does not work yet: let a task wait";
const NO_WAIT = "wait does not work yet: let a task wait for the resource";
const NO_TRIGGER = "a trigger as a node does not work yet: name its workflow or task";

const PLAIN_NODE: FieldRules = {
  task: true,
  workflow: true,
  trigger: NO_TRIGGER,
  approve: NO_GATE,
  "approve.prompt": true,
  "approve.timeout": true,
  signal: NO_GATE,
  "signal.type": true,
  "signal.prompt": true,
  "signal.timeout": true,
  sleep: NO_SLEEP,
  wait: NO_WAIT,
  "wait.resource": true,
  "wait.resource.apiVersion": true,
  "wait.resource.kind": true,
  "wait.resource.name": true,
  "wait.until": true,
  "wait.until.expr": true,
  "wait.timeout": true,
  inputs: true,
  "inputs.*": true,
  timeout: true,
  ...under("timeouts", TIMEOUTS),
  ...under("retries", RETRIES),
  ...under("cache", CACHE, NO_CACHE),
  interruptible: refuseTrue(NO_PREEMPTION),
  ...under("overrides", OVERRIDES),
};

const NODE: FieldRules = {
  ...PLAIN_NODE,
  map: true,
  "map.over": true,
  "map.over.*": true,
  "map.concurrency": true,
  "map.minSuccessRatio": true,
  "map.failed": true,
  branch: NO_BRANCH,
  "branch.*": true,
  "branch.*.if": true,
  "branch.*.if.expr": true,
  "branch.*.then": true,
  "branch.*.fail": true,
  after: true,
  "after.*": true,
};

export const WORKFLOW_FIELDS: FieldRules = {
  ...under("inputs", INPUT),
  ...under("outputs", { ...PARAMETER, "*.from": true, "*.expr": true, "*.firstOf": "firstOf does not work yet, because branch does not", "*.firstOf.*": true }),
  nodes: true,
  ...under("nodes.*", NODE),
  ...under("onFailure", PLAIN_NODE),
  finally: "finally does not work yet: onFailure runs after a failure or timeout",
  ...Object.fromEntries(Object.keys(PLAIN_NODE).map((path) => [`finally.${path}`, true as const])),
  timeout: true,
  failurePolicy: true,
  maxParallelism: true,
};

export const RUN_FIELDS: FieldRules = {
  workflow: true,
  task: true,
  trigger: true,
  inputs: true,
  "inputs.*": true,
  overrides: true,
  "overrides.nodes": true,
  ...under("overrides.nodes.*", OVERRIDES),
  "overrides.interruptible": refuseTrue(NO_PREEMPTION),
  reuse: "reuse does not work yet: start the Run without it",
  "reuse.run": true,
  "reuse.from": true,
  "reuse.from.*": true,
  "reuse.definition": true,
  priority: (value) => (value === 0 ? undefined : "priorities do not work yet: remove priority"),
  serviceAccountName: true,
  timeout: true,
  signals: NO_GATE,
  "signals.*": true,
  "signals.*.value": true,
  "signals.*.by": true,
  "signals.*.reason": true,
  desiredState: true,
  abortReason: true,
  maxParallelism: true,
  ttl: true,
  suspend: true,
};

interface RuleTree {
  rule?: FieldRule;
  readonly children: Map<string, RuleTree>;
}

function treeOf(rules: FieldRules): RuleTree {
  const root: RuleTree = { children: new Map() };
  for (const [path, rule] of Object.entries(rules)) {
    let tree = root;
    for (const segment of path.split(".")) {
      const next = tree.children.get(segment) ?? { children: new Map<string, RuleTree>() };
      tree.children.set(segment, next);
      tree = next;
    }
    tree.rule = rule;
  }
  return root;
}

function refuseIn(value: Json, tree: RuleTree, findings: Findings): void {
  const sentence = typeof tree.rule === "function" ? tree.rule(value) : tree.rule;
  if (typeof sentence === "string") return findings.error("NotImplemented", sentence);
  if (typeof value !== "object" || value === null || tree.children.size === 0) return;
  const entries = Array.isArray(value) ? value.map((item: Json, at) => [at, item] as const) : Object.entries(value as JsonObject);
  for (const [key, field] of entries) {
    const child = tree.children.get(String(key)) ?? tree.children.get("*");
    if (child && field !== undefined) refuseIn(field as Json, child, findings.at(key));
  }
}

const TREES = { Task: treeOf(TASK_FIELDS), Workflow: treeOf(WORKFLOW_FIELDS), Run: treeOf(RUN_FIELDS) } as const;

/** Reports every declared field that does not work yet. `findings` stands at `spec`. */
export function refuseUnsupported(kind: keyof typeof TREES, spec: JsonObject, findings: Findings): void {
  refuseIn(spec as Json, TREES[kind], findings);
}
