import { acceptsNone, isTypeProblem, membersOf, parseType, printType, type Type } from "../values/index.ts";
import type { MapRef, Need, Resolved, RunError } from "./facts.ts";
import type { Instance, Scope } from "./open-plan.ts";
import { defaultOf } from "./parameters.ts";
import type { AttributePath, Plan, PlanBinding, PlanExpression, PlanSource } from "./plan.ts";

/** What resolving needs to know of the run. */
export interface RunState {
  readonly plan: Plan;
  /** Whether a node ended Skipped: then its outputs are absent. */
  skipped(instance: Instance): boolean;
  /** The slices of a map node that succeeded. */
  slices(instance: Instance): readonly string[];
  /** The failure that a scope's failure node is told of. */
  error(scope: Scope): RunError | undefined;
}

/** Undefined: the value is absent, because the node that would have made it was skipped. */
type Maybe = Resolved | undefined;

export function parsedType(text: string): Type {
  const type = parseType(text);
  if (isTypeProblem(type)) throw new Error(`invariant violated: plan holds the type ${text}`);
  return type;
}

export const takesNone = (type: string): boolean => type.includes("none") && acceptsNone(parsedType(type));

function partValue(of: Resolved, attributes: AttributePath | undefined, type: string, place: string): Resolved {
  if (!attributes || attributes.length === 0) return of;
  return { kind: "value", type, need: { kind: "load", key: place, type, of, attributes } };
}

/** Where the inputs and items of a map node come from. */
export function resolveOver(state: RunState, instance: Instance): Readonly<Record<string, Resolved>> | undefined {
  const over: Record<string, Resolved> = {};
  for (const [name, binding] of Object.entries(instance.node.map?.over ?? {})) {
    const resolved = resolveSource(state, instance.scope, binding.from, binding.type, `${instance.path}/over.${name}`);
    if (!resolved) return undefined;
    over[name] = resolved;
  }
  return over;
}

function mapRef(state: RunState, instance: Instance): MapRef {
  const { shape, failed } = instance.node.map!;
  const over = shape === "keyed" ? (resolveOver(state, instance) ?? {}) : {};
  return { node: instance.path, slices: state.slices(instance), shape, failed, over };
}

/** A failed item may be none: what the compiler said about the type of a map's output. */
function mapOutputType(state: RunState, { node }: Instance, name: string): string {
  const task = state.plan.tasks[node.target]!;
  const type = parsedType(task.outputs[name]!.type);
  const skips = (task.spec["retries"] as { readonly onExit?: { readonly skip?: readonly unknown[] } } | undefined)?.onExit?.skip?.length ?? 0;
  const partial = (node.map!.minSuccessRatio ?? 1) < 1 || skips > 0;
  const item: Type = partial && node.map!.failed === "Keep" && !acceptsNone(type) ? { kind: "union", members: [...membersOf(type), { kind: "none" }] } : type;
  return printType({ kind: node.map!.shape === "keyed" ? "map" : "list", of: item });
}

function resolveOutput(state: RunState, scope: Scope, source: Extract<PlanSource, { kind: "output" }>, type: string, place: string): Maybe {
  const instance = scope.byName.get(source.node)!;
  if (state.skipped(instance)) return undefined;
  if (instance.inner) {
    const output = instance.inner.graph.outputs[source.name]!;
    const inside = resolveSource(state, instance.inner, output.from, output.type, `${instance.path}/outputs.${source.name}`);
    return inside && partValue(inside, source.attributes, type, place);
  }
  const own = instance.node.map
    ? ({ kind: "mapOutput", type: mapOutputType(state, instance, source.name), map: mapRef(state, instance), name: source.name } as const)
    : ({ kind: "output", type: state.plan.tasks[instance.node.target]!.outputs[source.name]!.type, action: instance.action, name: source.name } as const);
  return partValue(own, source.attributes, type, place);
}

/** An input of a sub-workflow is whatever its node was given in the graph around it. */
function resolveInput(state: RunState, scope: Scope, name: string): Maybe {
  const declared = scope.graph.inputs[name]!;
  if (!scope.parent || !scope.node) return { kind: "input", type: declared.type, name };
  const binding = Object.hasOwn(scope.node.inputs, name) ? scope.node.inputs[name] : undefined;
  if (binding) {
    const given = resolveSource(state, scope.parent, binding.from, binding.type, `${scope.path}/inputs.${name}`);
    return given ?? (takesNone(binding.type) ? { kind: "none" } : undefined);
  }
  return declared.default === undefined ? { kind: "none" } : { kind: "literal", type: declared.type, value: defaultOf(declared.default) };
}

function resolveExpression(state: RunState, scope: Scope, source: PlanExpression, type: string, place: string): Maybe {
  const variables: Record<string, Extract<Need, { kind: "evaluate" }>["variables"][string]> = {};
  for (const [variable, { cel, type: own, from }] of Object.entries(source.variables)) {
    const of = resolveSource(state, scope, from, own, `${place}/${variable}`);
    if (!of && cel.kind !== "optional") return undefined;
    variables[variable] = { cel, type: own, of: of ?? { kind: "none" } };
  }
  return { kind: "value", type, need: { kind: "evaluate", key: place, type, expr: source.expr, text: source.text, variables } };
}

/** Follows a source through every graph boundary to where its value is. `type` is what is wanted, `place` names the binding. */
export function resolveSource(state: RunState, scope: Scope, source: PlanSource, type: string, place: string): Maybe {
  switch (source.kind) {
    case "literal":
      return { kind: "literal", type, value: source.value };
    case "blob":
      return { kind: "blob", type, digest: source.digest, path: source.path, directory: source.directory };
    case "remote":
      return { kind: "remote", type, uri: source.uri };
    case "input": {
      const given = resolveInput(state, scope, source.name);
      return given && partValue(given, source.attributes, type, place);
    }
    case "output":
      return resolveOutput(state, scope, source, type, place);
    case "failures": {
      const instance = scope.byName.get(source.node)!;
      if (state.skipped(instance)) return undefined;
      return partValue({ kind: "failures", type: "list<struct>", map: mapRef(state, instance) }, source.attributes, type, place);
    }
    case "run": {
      const error = state.error(scope);
      return { kind: "run", type, field: source.field, ...(error ? { error } : {}) };
    }
    case "expr":
      return resolveExpression(state, scope, source, type, place);
  }
}

/** One input of a node: the value, `none` where it is absent and may be, or undefined where the node must be skipped. */
export function resolveBinding(state: RunState, instance: Instance, name: string, binding: PlanBinding): Maybe {
  const resolved = resolveSource(state, instance.scope, binding.from, binding.type, `${instance.path}/inputs.${name}`);
  return resolved ?? (takesNone(binding.type) ? { kind: "none" } : undefined);
}
