import type { CelName, CelScope } from "../cel/index.ts";
import { optionalOf, type Type } from "../values/index.ts";
import { celTypeOf, presentCelType } from "./cel-types.ts";
import type { Parameters } from "./parameters.ts";
import type { PlanSource } from "./plan.ts";
import { printReference, type Reference } from "./reference.ts";
import { hint } from "./hint.ts";

/** What other nodes can see of a node. */
export interface NodeShape {
  readonly outputs: ReadonlyMap<string, Type>;
  readonly map: boolean;
}

/** The names that bindings of one graph may use. */
export interface GraphScope {
  readonly inputs: Parameters;
  /** Undefined in a failure node: when it runs, no other node is sure to have run. */
  readonly nodes: ReadonlyMap<string, NodeShape> | undefined;
  /** Nodes whose target is not known: that was reported where it is named, so uses of them say nothing more. */
  readonly broken: ReadonlySet<string>;
  /** Whether `run.error` and `run.phase` exist. */
  readonly afterFailure: boolean;
  /** Told of every name that is used. */
  readonly used: { input(name: string): void; node(name: string): void };
}

/** What the first `length` segments of a reference name. */
export interface Resolution {
  readonly source: PlanSource;
  readonly type: Type;
  readonly length: number;
}

/** A problem without words was reported elsewhere. */
type Resolving = Resolution | { readonly problem: string };

const STRING: Type = { kind: "string" };
const optional = (type: Type): Type => ({ kind: "union", members: [type, { kind: "none" }] });

const RUN_FIELDS: Readonly<Record<string, Type>> = {
  name: STRING,
  uid: STRING,
  project: STRING,
  domain: STRING,
  workflow: STRING,
  revision: STRING,
  startTime: { kind: "datetime" },
  scheduledFor: optional({ kind: "datetime" }),
  trigger: optional(STRING),
  attempt: { kind: "integer" },
};

const ERROR_FIELDS: Readonly<Record<string, Type>> = { code: STRING, kind: STRING, message: STRING, node: STRING, attempt: { kind: "integer" } };

const FAILURES: Type = { kind: "list", of: { kind: "struct" } };

function nameIn<T>(known: ReadonlyMap<string, T>, name: string | number | undefined, what: string): T | { readonly problem: string } {
  const found = typeof name === "string" ? known.get(name) : undefined;
  if (found !== undefined) return found;
  return { problem: name === undefined ? `${what} needs a name` : `there is no ${what} ${name}${hint(String(name), [...known.keys()])}` };
}

const isProblem = (value: object): value is { readonly problem: string } => "problem" in value;

function resolveInput(scope: GraphScope, [, name]: Reference): Resolving {
  const parameter = nameIn(scope.inputs, name, "input");
  if (isProblem(parameter)) return parameter;
  scope.used.input(parameter.name);
  return { source: { kind: "input", name: parameter.name }, type: parameter.type, length: 2 };
}

function resolveNode(scope: GraphScope, reference: Reference): Resolving {
  if (!scope.nodes) return { problem: "a failure node sees inputs and run only: when it runs, no other node is sure to have run" };
  const [, node, part, output] = reference;
  if (scope.broken.has(String(node))) return { problem: "" };
  const shape = nameIn(scope.nodes, node, "node");
  if (isProblem(shape)) return shape;
  const name = node as string;
  if (part === "failures" && shape.map) {
    scope.used.node(name);
    return { source: { kind: "failures", node: name }, type: FAILURES, length: 3 };
  }
  if (part !== "outputs") return { problem: `write ${printReference(["nodes", name, "outputs"])}.<output>${shape.map ? " or .failures" : ""}` };
  const type = nameIn(shape.outputs, output, `output of ${name} called`);
  if (isProblem(type)) return type;
  scope.used.node(name);
  return { source: { kind: "output", node: name, name: output as string }, type, length: 4 };
}

function resolveRun(scope: GraphScope, [, field, part]: Reference): Resolving {
  if (field === "url") return { problem: "run.url does not work yet" };
  if (field === "phase" || field === "error") {
    if (!scope.afterFailure) return { problem: `run.${field} exists only in onFailure and finally` };
    if (field === "phase") return { source: { kind: "run", field }, type: STRING, length: 2 };
    if (part === undefined) return { source: { kind: "run", field }, type: { kind: "error" }, length: 2 };
    const type = ERROR_FIELDS[String(part)];
    if (!type) return { problem: `run.error has no field ${part}${hint(String(part), Object.keys(ERROR_FIELDS))}` };
    return { source: { kind: "run", field: `error.${part}` }, type, length: 3 };
  }
  const type = RUN_FIELDS[String(field)];
  if (!type) return { problem: `run has no field ${field}${hint(String(field), Object.keys(RUN_FIELDS))}` };
  return { source: { kind: "run", field: String(field) }, type, length: 2 };
}

/** Finds what a reference names; what follows are attributes of that value. */
export function resolveName(scope: GraphScope, reference: Reference): Resolving {
  switch (reference[0]) {
    case "inputs":
      return resolveInput(scope, reference);
    case "nodes":
      return resolveNode(scope, reference);
    case "run":
      return resolveRun(scope, reference);
    default:
      return { problem: `${reference[0]} is no place to take a value from: begin with inputs, nodes or run` };
  }
}

/** The same names for expressions. */
export function celScopeOf(scope: GraphScope): CelScope {
  return {
    roots: ["inputs", "nodes", "run"],
    resolve(path): CelName | { readonly problem: string } {
      const resolved = resolveName(scope, path);
      if ("problem" in resolved) return resolved;
      const { type, length } = resolved;
      return optionalOf(type) ? { length, type: celTypeOf(type), present: presentCelType(type) } : { length, type: celTypeOf(type) };
    },
  };
}
