import { isFields, type Json, type JsonObject, parseDuration } from "../base/index.ts";
import type { MapSpec, NodeSpec } from "../crds/index.ts";
import { acceptsNone, membersOf, printType, type Type } from "../values/index.ts";
import { bind, bindReference } from "./bind.ts";
import { formOf } from "./binding-form.ts";
import type { TaskUnit, Unit } from "./compile-task.ts";
import type { Findings } from "./findings.ts";
import type { GraphScope } from "./graph-scope.ts";
import type { DeclaredParameter } from "./parameters.ts";
import type { PlanBinding, PlanMap, PlanNode, PlanSource } from "./plan.ts";
import { hint } from "./hint.ts";

/** What a node runs, looked up: what it takes and gives. */
export interface Target {
  readonly kind: "task" | "workflow";
  readonly name: string;
  readonly unit: Unit;
}

/** `T | none`, without saying none twice. */
function orNone(type: Type): Type {
  return acceptsNone(type) ? type : { kind: "union", members: [...membersOf(type), { kind: "none" }] };
}

function maySkip(unit: Unit): boolean {
  const retries = "plan" in unit ? ((unit as TaskUnit).plan.spec["retries"] as { onExit?: { skip?: readonly number[] } } | undefined) : undefined;
  return (retries?.onExit?.skip?.length ?? 0) > 0;
}

/** Outputs of the node as others see them: one value, or one per item. */
export function nodeOutputs(target: Target, map: MapSpec | undefined, shape: PlanMap["shape"]): ReadonlyMap<string, Type> {
  if (!map) return target.unit.outputs;
  const partial = (map.minSuccessRatio !== undefined && map.minSuccessRatio < 1) || maySkip(target.unit);
  const item = (type: Type): Type => (partial && map.failed === "Keep" ? orNone(type) : type);
  const kind = shape === "keyed" ? "map" : "list";
  return new Map([...target.unit.outputs].map(([name, type]) => [name, { kind, of: item(type) }]));
}

interface Over {
  readonly source: PlanSource;
  readonly collection: Type;
  readonly keyed: boolean;
}

/** A collection written down: a list, or {value: {…}}, or an expression that gives a list. */
function bindWrittenOver(authored: Json, parameter: DeclaredParameter, scope: GraphScope, findings: Findings): Over | undefined {
  const form = formOf(authored);
  const value = !("problem" in form) && form.form === "value" ? form.value : undefined;
  const keyed = isFields(value);
  const collection: Type = { kind: keyed ? "map" : "list", of: parameter.type };
  const source = bind(authored, collection, scope, findings);
  return source && { source, collection, keyed };
}

function bindDirectoryOver(source: PlanSource, parameter: DeclaredParameter, findings: Findings): Over | undefined {
  if (parameter.type.kind === "file") return { source, collection: { kind: "directory" }, keyed: true };
  findings.error("TypeMismatch", `the items of a directory are files, ${parameter.name} is ${printType(parameter.type)}`);
  return undefined;
}

/** The collection an `over` input may be bound to: a list or map of its type, or, for a file, a directory. */
function bindOver(authored: Json, parameter: DeclaredParameter, scope: GraphScope, findings: Findings): Over | undefined {
  const form = formOf(authored);
  if ("problem" in form || form.form !== "from") return bindWrittenOver(authored, parameter, scope, findings);
  const found = bindReference(form.value, undefined, scope, findings.at("from"));
  if (!found) return undefined;
  if (found.type === "unknown")
    return void findings.error("MapInvalid", "over needs a list, a map or a directory; inside a struct nobody knows: write {expr: …}");
  const { kind } = found.type;
  if (kind === "directory") return bindDirectoryOver(found.source, parameter, findings);
  if (kind !== "list" && kind !== "map") return void findings.error("MapInvalid", `over needs a list, a map or a directory, not ${printType(found.type)}`);
  const collection: Type = { kind, of: parameter.type };
  const checked = bindReference(form.value, collection, scope, findings.at("from"));
  return checked && { source: checked.source, collection, keyed: kind === "map" };
}

function compileMap(map: MapSpec, target: Target, scope: GraphScope, findings: Findings): PlanMap | undefined {
  const over: Record<string, PlanBinding> = {};
  const shapes = new Set<boolean>();
  for (const [name, authored] of Object.entries((map.over ?? {}) as JsonObject)) {
    const parameter = target.unit.inputs.get(name);
    if (!parameter) {
      findings.at("over", name).error("InputUnknown", `${target.kind} ${target.name} has no input ${name}${hint(name, [...target.unit.inputs.keys()])}`);
      continue;
    }
    const bound = bindOver(authored, parameter, scope, findings.at("over", name));
    if (!bound) continue;
    shapes.add(bound.keyed);
    over[name] = { type: printType(bound.collection), from: bound.source };
  }
  if (Object.keys((map.over ?? {}) as JsonObject).length === 0) return void findings.at("over").error("MapInvalid", "over names at least one input to iterate");
  if (shapes.size > 1) return void findings.at("over").error("MapInvalid", "over takes either lists, or maps and directories, not both");
  if (Object.keys(over).length === 0) return undefined;
  return {
    over,
    shape: shapes.has(true) ? "keyed" : "list",
    failed: map.failed,
    ...(map.concurrency === undefined ? {} : { concurrency: map.concurrency }),
    ...(map.minSuccessRatio === undefined ? {} : { minSuccessRatio: map.minSuccessRatio }),
  };
}

function compileInputs(authored: JsonObject, target: Target, mapped: ReadonlySet<string>, scope: GraphScope, findings: Findings): Record<string, PlanBinding> {
  const bound: Record<string, PlanBinding> = {};
  for (const [name, value] of Object.entries(authored)) {
    const parameter = target.unit.inputs.get(name);
    if (!parameter) findings.at(name).error("InputUnknown", `${target.kind} ${target.name} has no input ${name}${hint(name, [...target.unit.inputs.keys()])}`);
    else if (mapped.has(name)) findings.at(name).error("DuplicateName", `${name} is iterated by map.over already`);
    else {
      const from = bind(value, parameter.type, scope, findings.at(name));
      if (from) bound[name] = { type: parameter.plan.type, from };
    }
  }
  for (const [name, parameter] of target.unit.inputs) {
    if (Object.hasOwn(authored, name) || mapped.has(name) || parameter.default !== undefined || acceptsNone(parameter.type)) continue;
    findings.error("InputMissing", `${target.kind} ${target.name} needs the input ${name} (${printType(parameter.type)})`);
  }
  return bound;
}

/** Fields that mean nothing around a workflow. */
const TASK_ONLY = ["retries", "timeouts", "overrides"] as const;

function refuseAroundWorkflow(node: NodeSpec, findings: Findings): void {
  if (node.map) findings.at("map").error("NotImplemented", "map around a workflow does not work yet: put the map inside it, around tasks");
  for (const field of TASK_ONLY)
    if (node[field] !== undefined) findings.at(field).error("NotImplemented", `${field} of a workflow node does not work yet: write it on the nodes inside`);
}

function policyOf(node: NodeSpec): Pick<PlanNode, "timeout" | "timeouts" | "retries" | "interruptible" | "overrides"> {
  const timeout = node.timeout === undefined ? undefined : parseDuration(node.timeout);
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(node.timeouts === undefined ? {} : { timeouts: node.timeouts as JsonObject }),
    ...(node.retries === undefined ? {} : { retries: node.retries as JsonObject }),
    ...(node.interruptible === undefined ? {} : { interruptible: node.interruptible }),
    ...(node.overrides === undefined ? {} : { overrides: node.overrides as JsonObject }),
  };
}

/** The shape that other nodes see, before any binding is compiled. */
export function mapShape(map: MapSpec | undefined, kindOf: (reference: string) => Type["kind"] | undefined): PlanMap["shape"] {
  const first = Object.values((map?.over ?? {}) as JsonObject)[0];
  const form = first === undefined ? undefined : formOf(first);
  if (!form || "problem" in form) return "list";
  if (form.form === "value") return typeof form.value === "object" && form.value !== null && !Array.isArray(form.value) ? "keyed" : "list";
  const kind = form.form === "from" && typeof form.value === "string" ? kindOf(form.value) : undefined;
  return kind === "map" || kind === "directory" ? "keyed" : "list";
}

/** Compiles one node against its target; `needs` is what it turned out to use. */
export function compileNode(name: string, node: NodeSpec, target: Target, scope: GraphScope, needs: () => readonly string[], findings: Findings): PlanNode {
  if (target.kind === "workflow") refuseAroundWorkflow(node, findings);
  const map = node.map && target.kind === "task" ? compileMap(node.map, target, scope, findings.at("map")) : undefined;
  const mapped = new Set(Object.keys((node.map?.over ?? {}) as JsonObject));
  const inputs = compileInputs((node.inputs ?? {}) as JsonObject, target, mapped, scope, findings.at("inputs"));
  return {
    name,
    kind: target.kind,
    target: target.name,
    needs: needs(),
    ...(node.after && node.after.length > 0 ? { after: [...new Set(node.after)].sort() } : {}),
    inputs,
    ...(map ? { map } : {}),
    ...policyOf(node),
  };
}
