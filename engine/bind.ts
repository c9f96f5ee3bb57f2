import type { Json, JsonObject } from "../base/index.ts";
import { type CelReference, compileExpression } from "../cel/index.ts";
import { assignable, isProblems, literalOf, membersOf, pathType, printType, remoteReference, type Type, type ValueProblem } from "../values/index.ts";
import { formOf } from "./binding-form.ts";
import { celFits, wordOfCel } from "./cel-types.ts";
import type { Findings } from "./findings.ts";
import { celScopeOf, type GraphScope, resolveName } from "./graph-scope.ts";
import type { PlanExpression, PlanSource } from "./plan.ts";
import { parseReference, printReference, type Reference } from "./reference.ts";

function bindLiteral(value: Json, type: Type, findings: Findings): PlanSource | undefined {
  const literal = literalOf(type, value);
  if (!isProblems(literal)) return { kind: "literal", value };
  for (const problem of literal) {
    const code = problem.code === "TypeMismatch" ? "TypeMismatch" : problem.code === "RemoteDataUnsupported" ? "NotImplemented" : "InvalidValue";
    findings.at(...problem.path).error(code, problem.message);
  }
  return undefined;
}

function withAttributes(source: PlanSource, attributes: Reference): PlanSource {
  return attributes.length > 0 && (source.kind === "input" || source.kind === "output" || source.kind === "failures") ? { ...source, attributes } : source;
}

/** `run.error` is of type error, and also reads as a struct with its five fields. */
function typeFor(type: Type, source: PlanSource, wanted: Type | undefined): Type {
  return source.kind === "run" && source.field === "error" && wanted?.kind === "struct" ? wanted : type;
}

/** Resolves a `from:`. Without `wanted` any type will do; the type found comes back. */
export function bindReference(
  text: Json,
  wanted: Type | undefined,
  scope: GraphScope,
  findings: Findings,
): { readonly source: PlanSource; readonly type: Type | "unknown" } | undefined {
  const reference = typeof text === "string" ? parseReference(text) : { problem: "from is a reference such as nodes.split.outputs.parts" };
  if ("problem" in reference) return void findings.error("ReferenceInvalid", reference.problem);
  const resolved = resolveName(scope, reference);
  if ("problem" in resolved) return void (resolved.problem === "" || findings.error("ReferenceInvalid", resolved.problem));
  const attributes = reference.slice(resolved.length);
  if (attributes.length > 0 && resolved.source.kind === "run")
    return void findings.error("ReferenceInvalid", `${printReference(reference.slice(0, resolved.length))} has no ${String(attributes[0])}`);
  const found = attributes.length > 0 ? pathType(resolved.type, attributes) : typeFor(resolved.type, resolved.source, wanted);
  if (Array.isArray(found)) {
    for (const problem of found as ValueProblem[]) findings.error("ReferenceInvalid", problem.message);
    return undefined;
  }
  if (wanted && found !== "unknown" && !assignable(found, wanted)) {
    findings.error("TypeMismatch", `${printReference(reference)} is ${printType(found)}, needed is ${printType(wanted)}${coercionHint(found, wanted)}`);
    return undefined;
  }
  return { source: withAttributes(resolved.source, attributes), type: found };
}

function coercionHint(found: Type, wanted: Type): string {
  if (found.kind === "integer" && wanted.kind === "float") return '; a reference never converts: write {expr: "double(…)"}';
  if (found.kind === "list" && assignable(found.of, wanted)) return "; it is a list: use map, or take one element with [0]";
  if (membersOf(found).some((member) => member.kind === "none") && !assignable({ kind: "none" }, wanted))
    return '; it may be absent: write {expr: "….orValue(…)"}';
  return "";
}

function variableOf(reference: CelReference, scope: GraphScope): readonly [string, PlanExpression["variables"][string]] {
  const resolved = resolveName(scope, reference.path);
  if ("problem" in resolved) throw new Error(`invariant violated: ${resolved.problem}`);
  return [reference.variable, { cel: reference.type, type: printType(resolved.type), from: resolved.source }];
}

/** Type-checks an `expr:`. */
export function bindExpression(text: Json, wanted: Type, scope: GraphScope, findings: Findings): PlanExpression | undefined {
  if (typeof text !== "string") return void findings.error("ExpressionInvalid", "expr is a CEL expression, written as text");
  const compiled = compileExpression(text, celScopeOf(scope));
  if (!compiled.ok) {
    for (const problem of compiled.problems.filter(({ message }) => message !== ""))
      findings.error("ExpressionInvalid", `${problem.message} (at character ${problem.start + 1} of the expression)`);
    return undefined;
  }
  const { expression } = compiled;
  if (!celFits(expression.type, wanted)) {
    findings.error("TypeMismatch", `the expression gives ${wordOfCel(expression.type)}, needed is ${printType(wanted)}`);
    return undefined;
  }
  const variables = Object.fromEntries(expression.references.map((reference) => variableOf(reference, scope)));
  return { kind: "expr", expr: text, text: expression.text, type: expression.type, variables };
}

const HOLDERS: Readonly<Record<string, readonly Type["kind"][]>> = { file: ["file", "dataset"], directory: ["directory", "dataset"] };

function bindStored(form: string, object: JsonObject, wanted: Type, findings: Findings): PlanSource | undefined {
  const path = object[form];
  if (typeof path !== "string") return void findings.error("InvalidValue", `${form} is a path in the repository`);
  if (!membersOf(wanted).some((member) => HOLDERS[form]!.includes(member.kind))) {
    findings.error("TypeMismatch", `a ${form} of the repository does not fit ${printType(wanted)}`);
    return undefined;
  }
  const digest = typeof object["digest"] === "string" ? object["digest"] : "";
  return { kind: "blob", digest, path, directory: form === "directory" };
}

function bindRemote(uri: Json, wanted: Type, findings: Findings): PlanSource | undefined {
  const reference = remoteReference(wanted, uri);
  if (!isProblems(reference)) return { kind: "remote", uri: reference.uri };
  for (const { code, message } of reference) findings.error(code === "TypeMismatch" || code === "UnsupportedStore" ? code : "InvalidValue", message);
  return undefined;
}

/** Compiles one binding against the declared type. */
export function bind(authored: Json, wanted: Type, scope: GraphScope, findings: Findings): PlanSource | undefined {
  const binding = formOf(authored);
  if ("problem" in binding) return void findings.error("InvalidValue", binding.problem);
  switch (binding.form) {
    case "literal":
      return bindLiteral(binding.value, wanted, findings);
    case "value":
      return bindLiteral(binding.value, wanted, findings.at("value"));
    case "from":
      return bindReference(binding.value, wanted, scope, findings.at("from"))?.source;
    case "expr":
      return bindExpression(binding.value, wanted, scope, findings.at("expr"));
    case "file":
    case "directory":
      return "object" in binding ? bindStored(binding.form, binding.object, wanted, findings.at(binding.form)) : undefined;
    case "uri":
      return bindRemote(binding.value, wanted, findings.at("uri"));
    default:
      return void findings.at(binding.form).error("NotImplemented", NOT_YET[binding.form] ?? `${binding.form} does not work yet`);
  }
}

const NOT_YET: Readonly<Record<string, string>> = {
  firstOf: "firstOf does not work yet, because branch does not",
};
