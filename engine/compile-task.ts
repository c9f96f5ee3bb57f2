import type { JsonObject } from "../base/index.ts";
import type { TaskSpec } from "../crds/index.ts";
import { checkTemplates, type Type } from "../values/index.ts";
import type { Definition } from "./definitions.ts";
import { type Findings, findings as findingsOf } from "./findings.ts";
import { refuseUnsupported } from "./not-implemented.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import type { PlanParameter, PlanTask } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { checkLimits, type TaskLimits } from "./task-limits.ts";

/** A compiled Task or Workflow as others use it. */
export interface Unit {
  readonly inputs: Parameters;
  readonly outputs: ReadonlyMap<string, Type>;
  readonly problems: readonly Problem[];
}

export interface TaskUnit extends Unit {
  readonly plan: PlanTask;
}

export function planParameters(parameters: Parameters): Readonly<Record<string, PlanParameter>> {
  return Object.fromEntries([...parameters].map(([name, { plan }]) => [name, plan]));
}

export function typesOf(parameters: Parameters): ReadonlyMap<string, Type> {
  return new Map([...parameters].map(([name, { type }]) => [name, type]));
}

function checkSecrets(spec: TaskSpec, findings: Findings): void {
  for (const [at, secret] of (spec.secrets ?? []).entries()) {
    const env = secret.mount === "env" || (secret.mount === undefined && secret.as !== undefined);
    if (env && secret.key === undefined) findings.at(at).error("InvalidValue", "a secret in a variable names one key: write key");
    if (env && secret.as === undefined) findings.at(at).error("InvalidValue", "a secret in a variable says which: write as");
    if (!env && secret.as !== undefined) findings.at(at, "as").error("InvalidValue", "as names a variable: write mount: env, or remove it");
  }
}

const isInside = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`);

function checkData(spec: TaskSpec, findings: Findings): void {
  const input = spec.data?.inputPath ?? "/var/flyte/inputs";
  const output = spec.data?.outputPath ?? "/var/flyte/outputs";
  if (isInside(input, output) || isInside(output, input))
    findings.error("InvalidValue", `inputs (${input}) and outputs (${output}) must be two directories, none inside the other`);
}

function planSpec(spec: JsonObject): JsonObject {
  const { inputs: _inputs, outputs: _outputs, code, ...rest } = spec;
  if (code === undefined) return rest;
  const { revision: _revision, ...bundle } = code as JsonObject;
  return { ...rest, code: bundle };
}

/** Compiles one Task by itself, within the limits of its namespace. */
export function compileTask(definition: Definition, limits: TaskLimits = {}): TaskUnit {
  const problems: Problem[] = [];
  const findings = findingsOf({ kind: "Task", name: definition.name }, problems, ["spec"]);
  const spec = definition.spec as unknown as TaskSpec;
  refuseUnsupported("Task", definition.spec, findings);
  const inputs = readParameters(spec.inputs as JsonObject | undefined, findings.at("inputs"));
  const outputs = readParameters(spec.outputs as JsonObject | undefined, findings.at("outputs"));
  if (spec.container) {
    for (const problem of checkTemplates(spec.container, [...inputs.values()]))
      findings.at("container", ...problem.path).error("TemplateInvalid", problem.message);
  }
  const { resources = {} } = spec.container ?? {};
  checkLimits(resources, resources, limits, findings.at("container", "resources"));
  checkSecrets(spec, findings.at("secrets"));
  checkData(spec, findings.at("data"));
  const rest = planSpec(definition.spec);
  const plan: PlanTask = {
    name: definition.name,
    type: spec.type,
    inputs: planParameters(inputs),
    outputs: planParameters(outputs),
    spec: rest,
  };
  return { inputs, outputs: typesOf(outputs), problems, plan };
}
