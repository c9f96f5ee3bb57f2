import type { Json, JsonObject } from "../../base/index.ts";
import { acceptsNone, isProblems, literalOf, membersOf, type Parameter, parseParameter, printType } from "../../values/index.ts";
import { type Complaint, error } from "./candidate.ts";
import { suggestion } from "./suggestion.ts";

type Path = readonly (string | number)[];

/** Forms of a value that mean something else than what is written, and what else they may carry. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  value: [],
  file: ["digest", "revision"],
  directory: ["digest", "revision"],
  uri: [],
  from: [],
  expr: [],
};

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The inputs a Task or Workflow declares; one with a problem of its own is left out, its own check reports it. */
export function declaredInputs(spec: JsonObject): ReadonlyMap<string, Parameter> {
  const declared = new Map<string, Parameter>();
  for (const [name, authored] of Object.entries((spec["inputs"] ?? {}) as JsonObject)) {
    const parameter = parseParameter(name, authored);
    if (!isProblems(parameter)) declared.set(name, parameter);
  }
  return declared;
}

/** Checks values given by a Run or a Trigger against the inputs they are for. `at` leads to the map of inputs. */
export function checkGiven(given: JsonObject, declared: ReadonlyMap<string, Parameter>, owner: string, at: Path): Complaint[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const parameter = declared.get(name);
    if (!parameter) return [error("InputUnknown", `${owner} has no input ${name}${suggestion(name, declared.keys())}`, [...at, name], "key")];
    return checkValue(parameter, value, [...at, name]);
  });
}

/** What is neither given nor has a default. */
export function checkMissing(given: ReadonlySet<string>, declared: ReadonlyMap<string, Parameter>, owner: string, at: Path): Complaint[] {
  return [...declared.values()]
    .filter(({ name, type, default: standard }) => !given.has(name) && standard === undefined && !acceptsNone(type))
    .map(({ name, type }) => error("InputMissing", `${owner} needs the input ${name}: ${printType(type)}`, at));
}

function checkValue(parameter: Parameter, value: Json, at: Path): Complaint[] {
  if (!isMap(value)) return literalComplaints(parameter, value, at);
  const forms = Object.keys(value).filter((key) => Object.hasOwn(FORMS, key));
  const [form] = forms;
  if (form === undefined) return [error("InvalidValue", "write {value: {…}} for a map or struct; other forms are {file: …} and {directory: …}", at)];
  const stray = Object.keys(value).find((key) => key !== form && !(FORMS[form] ?? []).includes(key));
  if (stray !== undefined) return [error("InvalidValue", `${form} and ${stray} do not go together`, [...at, stray], "key")];
  return formComplaints(parameter, form, value[form] ?? null, at);
}

function formComplaints(parameter: Parameter, form: string, value: Json, at: Path): Complaint[] {
  switch (form) {
    case "value":
      return literalComplaints(parameter, value, [...at, "value"]);
    case "file":
    case "directory":
      return [...pathText(form, value, at), ...storedComplaints(parameter, form, at)];
    case "uri":
      return [error("NotImplemented", "{uri: …} does not work yet: add the file to the repository and write {file: …}", [...at, "uri"], "key")];
    default:
      return [error("InvalidValue", `{${form}: …} works between the nodes of a workflow only: write a value`, [...at, form], "key")];
  }
}

function pathText(form: string, value: Json, at: Path): Complaint[] {
  return typeof value === "string" ? [] : [error("InvalidValue", `${form} is a path, written as text`, [...at, form])];
}

function literalComplaints(parameter: Parameter, value: Json, at: Path): Complaint[] {
  const literal = literalOf(parameter.type, value);
  return isProblems(literal) ? literal.map(({ code, message, path }) => error(code, `${parameter.name}: ${message}`, [...at, ...path])) : [];
}

/** Whether a stored file or directory can be what the type wants. */
function storedComplaints({ name, type }: Parameter, form: string, at: Path): Complaint[] {
  const members = membersOf(type);
  const wanted = form === "file" ? ["file", "dataset"] : ["directory", "dataset"];
  if (members.some(({ kind }) => wanted.includes(kind))) return [];
  return [error("TypeMismatch", `${name} expects ${printType(type)}, not a ${form}`, [...at, form], "key")];
}
