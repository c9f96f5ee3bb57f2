import type { Json, JsonObject } from "../base/index.ts";
import {
  create,
  type TypedInterface,
  TypedInterfaceSchema,
  TypeAnnotationSchema,
  type VariableMap,
  VariableMapSchema,
  type VariableMessage,
  VariableSchema,
} from "../proto/index.ts";
import { fromLiteralType, toLiteralType } from "./literal-type.ts";
import { isTypeProblem, parseType } from "./parse-type.ts";
import { isProblems, problem, under, type ValueProblem } from "./problem.ts";
import { nameOfJson } from "./struct.ts";
import { type Column, isBlobType, membersOf, printType, type Type } from "./type.ts";

/** One input or output of an interface, parsed. */
export interface Parameter {
  readonly name: string;
  readonly type: Type;
  readonly description?: string;
  /** As authored; `literalOf(type, default)` gives its value. */
  readonly default?: Json;
  /** As authored: where an output of a workflow comes from. */
  readonly from?: Json;
  /** Never previewed, templated or logged. */
  readonly sensitive?: boolean;
  /** `None`: the task gets `<var>.uri` instead of the data. */
  readonly download?: "None";
}

const NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/;
const CEL_WORDS = new Set("as break const continue else false for function if import in let loop namespace null package return true var void while".split(" "));
const FIELDS = new Set(["type", "description", "default", "from", "columns", "sensitive", "download"]);

/** Why a name cannot be that of an input or output, or undefined when it can. */
export function parameterNameProblem(name: string): string | undefined {
  if (!NAME.test(name)) return `'${name}' is not a name: a letter, then at most 62 letters, digits or _`;
  return CEL_WORDS.has(name) ? `'${name}' is a word of CEL and cannot be a name` : undefined;
}

/** Reads `integer` or `{type: integer, description, default, …}`. */
export function parseParameter(name: string, authored: Json): Parameter | ValueProblem[] {
  if (typeof authored === "string") return withType(name, authored, {});
  if (!isObject(authored)) return problem("TypeMismatch", `a parameter is a type or {type: …}, not ${nameOfJson(authored)}`);
  const unknown = Object.keys(authored).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) return problem("InvalidValue", `a parameter has no field ${unknown}`, [unknown]);
  const { type } = authored;
  if (typeof type !== "string") return problem("TypeMismatch", "a parameter needs a type, written as one string", ["type"]);
  return under0("type", withType(name, type, authored));
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** Problems of the type string itself have no path yet: they lie under `segment`. */
function under0(segment: string, result: Parameter | ValueProblem[]): Parameter | ValueProblem[] {
  return isProblems(result) ? result.map((one) => (one.path.length === 0 ? { ...one, path: [segment] } : one)) : result;
}

function withType(name: string, text: string, fields: JsonObject): Parameter | ValueProblem[] {
  const parsed = parseType(text);
  if (isTypeProblem(parsed)) return problem("InvalidValue", `type ${JSON.stringify(text)}, character ${parsed.position + 1}: ${parsed.message}`);
  const type = withColumns(parsed, fields["columns"]);
  if (isProblems(type)) return [...type];
  const { description, sensitive, download } = fields;
  if (download !== undefined && download !== "Eager" && download !== "None") return problem("InvalidValue", "download is Eager or None", ["download"]);
  if (download === "None" && !membersOf(type).some(isBlobType)) {
    return problem("InvalidValue", `download: None is for a file, directory or dataset, not for ${printType(type)}`, ["download"]);
  }
  return {
    name,
    type,
    ...(typeof description === "string" ? { description } : {}),
    ...(fields["default"] === undefined ? {} : { default: fields["default"] }),
    ...(fields["from"] === undefined ? {} : { from: fields["from"] }),
    ...(sensitive === true ? { sensitive } : {}),
    ...(download === "None" ? { download } : {}),
  };
}

function withColumns(type: Type, authored: Json | undefined): Type | ValueProblem[] {
  if (authored === undefined) return type;
  if (type.kind !== "dataset") return problem("InvalidValue", "only a dataset has columns", ["columns"]);
  if (!isObject(authored)) return problem("TypeMismatch", "columns are written {name: type}", ["columns"]);
  const columns: Column[] = [];
  for (const [name, text] of Object.entries(authored)) {
    const parsed = typeof text === "string" ? parseType(text) : undefined;
    if (parsed === undefined || isTypeProblem(parsed))
      return problem("InvalidValue", `column ${name}: ${parsed?.message ?? "expected a type"}`, ["columns", name]);
    columns.push({ name, type: parsed });
  }
  return { ...type, columns };
}

/** All parameters of `spec.inputs` or `spec.outputs` in order, or every problem, each under its name. */
export function parseParameters(authored: JsonObject | undefined): Parameter[] | ValueProblem[] {
  const parameters: Parameter[] = [];
  const problems: ValueProblem[] = [];
  const seen = new Map<string, string>();
  for (const [name, value] of Object.entries(authored ?? {})) {
    const twin = seen.get(name.toLowerCase());
    const refusal = parameterNameProblem(name) ?? (twin === undefined ? undefined : `'${name}' and '${twin}' differ only in case`);
    if (refusal !== undefined) problems.push(...problem("InvalidValue", refusal, [name]));
    seen.set(name.toLowerCase(), name);
    const parameter = parseParameter(name, value);
    if (isProblems(parameter)) problems.push(...under(name, parameter));
    else parameters.push(parameter);
  }
  return problems.length > 0 ? problems : parameters;
}

/** The wire form of an interface. What flyteidl2 has no field for (sensitive, download) travels as an annotation of the type. */
export function typedInterface(inputs: readonly Parameter[], outputs: readonly Parameter[]): TypedInterface {
  return create(TypedInterfaceSchema, { inputs: variableMap(inputs), outputs: variableMap(outputs) });
}

function variableMap(parameters: readonly Parameter[]): VariableMap {
  return create(VariableMapSchema, { variables: parameters.map((parameter) => ({ key: parameter.name, value: variable(parameter) })) });
}

function variable(parameter: Parameter): VariableMessage {
  const type = toLiteralType(parameter.type);
  const annotations = { ...(parameter.sensitive ? { sensitive: true } : {}), ...(parameter.download ? { download: parameter.download } : {}) };
  if (Object.keys(annotations).length > 0) type.annotation = create(TypeAnnotationSchema, { annotations });
  return create(VariableSchema, { type, description: parameter.description ?? "" });
}

/** The interface of `spec.inputs` and `spec.outputs` as written, or every problem (paths start with `inputs` or `outputs`). */
export function interfaceOf(spec: { readonly inputs?: JsonObject; readonly outputs?: JsonObject }): TypedInterface | ValueProblem[] {
  const inputs = parseParameters(spec.inputs);
  const outputs = parseParameters(spec.outputs);
  const problems = [...under("inputs", inputs.filter(isProblem)), ...under("outputs", outputs.filter(isProblem))];
  return problems.length > 0 ? problems : typedInterface(inputs as Parameter[], outputs as Parameter[]);
}

function isProblem(one: Parameter | ValueProblem): one is ValueProblem {
  return "code" in one;
}

/** The parameters of a wire interface. A variable whose type has no word here becomes a problem under its name. */
export function parametersOf(map: VariableMap | undefined): Parameter[] | ValueProblem[] {
  const parameters: Parameter[] = [];
  const problems: ValueProblem[] = [];
  for (const { key: name, value } of map?.variables ?? []) {
    const type = value?.type === undefined ? undefined : fromLiteralType(value.type);
    if (type === undefined) problems.push(...problem("InvalidValue", `the type of ${name} is not supported`, [name]));
    else parameters.push({ name, type, ...(value?.description ? { description: value.description } : {}), ...annotated(value?.type?.annotation?.annotations) });
  }
  return problems.length > 0 ? problems : parameters;
}

function annotated(annotations: { readonly [key: string]: unknown } | undefined): Partial<Parameter> {
  return { ...(annotations?.["sensitive"] === true ? { sensitive: true } : {}), ...(annotations?.["download"] === "None" ? { download: "None" } : {}) };
}

/** True for the problem list that the parsers of this file return. (Both results are arrays; an empty one is no problem.) */
export function isParameterProblems(result: readonly (Parameter | ValueProblem)[]): result is readonly ValueProblem[] {
  return result[0] !== undefined && isProblem(result[0]);
}
