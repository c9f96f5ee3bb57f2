import { didYouMean, type Json, type JsonObject } from "../../base/index.ts";
import { formOf } from "../../engine/index.ts";
import { acceptsNone, isProblems, literalOf, membersOf, type Parameter, parseParameter, printType, remoteReference } from "../../values/index.ts";
import { type Complaint, error } from "./candidate.ts";

type Path = readonly (string | number)[];

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
    if (!parameter) return [error("InputUnknown", `${owner} has no input ${name}${didYouMean(name, declared.keys())}`, [...at, name], "key")];
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
  const form = formOf(value);
  if ("problem" in form) return [error("InvalidValue", form.problem, at)];
  return form.form === "literal" ? literalComplaints(parameter, value, at) : formComplaints(parameter, form.form, form.value, at);
}

function formComplaints(parameter: Parameter, form: string, value: Json, at: Path): Complaint[] {
  switch (form) {
    case "value":
      return literalComplaints(parameter, value, [...at, "value"]);
    case "file":
    case "directory":
      return [...pathText(form, value, at), ...storedComplaints(parameter, form, at)];
    case "uri":
      return uriComplaints(parameter, value, [...at, "uri"]);
    default:
      return [error("InvalidValue", `{${form}: …} works between the nodes of a workflow only: write a value`, [...at, form], "key")];
  }
}

function uriComplaints({ name, type }: Parameter, uri: Json, at: Path): Complaint[] {
  const reference = remoteReference(type, uri);
  return isProblems(reference) ? reference.map(({ code, message }) => error(code, `${name}: ${message}`, at)) : [];
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
