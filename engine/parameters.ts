import type { Json, JsonObject } from "../base/index.ts";
import { isProblems, literalOf, type Parameter, parseParameter } from "../values/index.ts";
import type { Findings } from "./findings.ts";
import type { PlanParameter } from "./plan.ts";
import { formOf } from "./binding-form.ts";

/** An input or output as compilation knows it: parsed, and as authored for the plan. */
export interface DeclaredParameter extends Parameter {
  readonly plan: PlanParameter;
}

export type Parameters = ReadonlyMap<string, DeclaredParameter>;

function planOf(authored: Json): PlanParameter {
  if (typeof authored === "string") return { type: authored };
  const { type, description, default: given, columns, sensitive, download } = authored as JsonObject & PlanParameter;
  return {
    type,
    ...(description === undefined ? {} : { description }),
    ...(given === undefined ? {} : { default: given }),
    ...(columns === undefined ? {} : { columns }),
    ...(sensitive === undefined ? {} : { sensitive }),
    ...(download === undefined ? {} : { download }),
  };
}

function checkDefault(parameter: Parameter, findings: Findings): void {
  if (parameter.default === undefined) return;
  const form = formOf(parameter.default);
  if ("problem" in form) return findings.error("InvalidValue", form.problem);
  if (form.form !== "literal" && form.form !== "value") return findings.error("InvalidValue", "a default is a literal, or {value: …} for a map");
  const literal = literalOf(parameter.type, form.value);
  if (isProblems(literal)) for (const problem of literal) findings.at(...problem.path).error("TypeMismatch", problem.message);
}

/** Reads `spec.inputs` or `spec.outputs`. A parameter with a problem is left out, so that it is reported once. */
export function readParameters(authored: JsonObject | undefined, findings: Findings): Parameters {
  const read = new Map<string, DeclaredParameter>();
  for (const [name, value] of Object.entries(authored ?? {})) {
    const { plan, bare } = { plan: planOf(value), bare: withoutSource(value) };
    const parameter = parseParameter(name, bare);
    if (isProblems(parameter)) {
      for (const problem of parameter) findings.at(name, ...problem.path).error("InvalidType", problem.message);
      continue;
    }
    checkDefault(parameter, findings.at(name, "default"));
    read.set(name, { ...parameter, plan });
  }
  return read;
}

/** A workflow output without where it comes from. */
function withoutSource(authored: Json): Json {
  if (typeof authored !== "object" || authored === null || Array.isArray(authored)) return authored;
  return Object.fromEntries(Object.entries(authored as JsonObject).filter(([key]) => !["from", "expr", "firstOf"].includes(key)));
}

/** The parameters of a plan, parsed. Plans are made by us: one that does not parse is a bug. */
export function parametersOfPlan(parameters: Readonly<Record<string, PlanParameter>>): readonly Parameter[] {
  return Object.entries(parameters).map(([name, { type, description, default: given, columns, sensitive, download }]) => {
    const authored = { type, description, default: given, columns, sensitive, download };
    const parameter = parseParameter(name, Object.fromEntries(Object.entries(authored).filter(([, value]) => value !== undefined)) as Json);
    if (isProblems(parameter)) throw new Error(`invariant violated: plan holds the type ${type}`);
    return parameter;
  });
}

/** The literal form of a default: `{value: …}` is taken off. */
export function defaultOf(given: Json): Json {
  const form = formOf(given);
  return "problem" in form ? given : form.value;
}
