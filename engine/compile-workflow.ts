import { type Json, type JsonObject, parseDuration } from "../base/index.ts";
import { type NodeSpec, type WorkflowSpec, MAX_NODES } from "../crds/index.ts";
import { isTypeProblem, type Type } from "../values/index.ts";
import { bind } from "./bind.ts";
import { compileNode, mapShape, nodeOutputs, type Target } from "./compile-node.ts";
import { planParameters, typesOf, type Unit } from "./compile-task.ts";
import type { Definition } from "./definitions.ts";
import { type Findings, findings as findingsOf } from "./findings.ts";
import { type GraphScope, type NodeShape, resolveName } from "./graph-scope.ts";
import { refuseUnsupported } from "./not-implemented.ts";
import { ordered } from "./order.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import type { PlanGraph, PlanNode, PlanOutput } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { parseReference } from "./reference.ts";
import { hint } from "./hint.ts";

export interface WorkflowUnit extends Unit {
  readonly graph: PlanGraph | undefined;
  /** Names of the workflows that nodes run. */
  readonly children: readonly string[];
}

/** Finds what a node names, and reports why not. */
export interface Lookup {
  target(node: NodeSpec, findings: Findings): Target | undefined;
}

interface Draft {
  readonly spec: WorkflowSpec;
  readonly inputs: Parameters;
  readonly targets: ReadonlyMap<string, Target>;
  readonly shapes: Map<string, NodeShape>;
  readonly usedInputs: Set<string>;
  /** Nodes that exist but have no target. */
  readonly broken: ReadonlySet<string>;
}

/** The scope of one binding place: what it uses becomes what the node needs. */
function scopeFor(draft: Draft, needs: Set<string>, failureNode = false): GraphScope {
  return {
    inputs: draft.inputs,
    nodes: failureNode ? undefined : draft.shapes,
    broken: draft.broken,
    afterFailure: failureNode,
    used: { input: (name) => void draft.usedInputs.add(name), node: (name) => void needs.add(name) },
  };
}

/** Shapes first, because a map over another node's output must know whether that is a list or a map. */
function readShapes(draft: Draft): void {
  const pending = new Set<string>();
  const shapeOf = (name: string): NodeShape | undefined => {
    const known = draft.shapes.get(name);
    const target = draft.targets.get(name);
    if (known || !target || pending.has(name)) return known;
    pending.add(name);
    const map = draft.spec.nodes[name]?.map;
    const shape = { outputs: nodeOutputs(target, map, mapShape(map, kindOf)), map: map !== undefined };
    draft.shapes.set(name, shape);
    return shape;
  };
  const kindOf = (text: string): Type["kind"] | undefined => {
    const reference = parseReference(text);
    if ("problem" in reference) return undefined;
    if (reference[0] === "nodes" && typeof reference[1] === "string") shapeOf(reference[1]);
    const resolved = resolveName(scopeFor(draft, new Set()), reference);
    if ("problem" in resolved || resolved.length < reference.length) return undefined;
    return isTypeProblem(resolved.type) ? undefined : resolved.type.kind;
  };
  for (const name of draft.targets.keys()) shapeOf(name);
}

function checkAfter(node: NodeSpec, nodes: Readonly<Record<string, NodeSpec>>, needs: Set<string>, findings: Findings): void {
  for (const [at, name] of (node.after ?? []).entries()) {
    if (Object.hasOwn(nodes, name)) needs.add(name);
    else findings.at(at).error("NodeUnknown", `there is no node ${name}${hint(name, Object.keys(nodes))}`);
  }
}

function compileNodes(draft: Draft, findings: Findings): Map<string, PlanNode> {
  const nodes = new Map<string, PlanNode>();
  for (const [name, node] of Object.entries(draft.spec.nodes)) {
    const target = draft.targets.get(name);
    if (!target) continue;
    const needs = new Set<string>();
    checkAfter(node, draft.spec.nodes, needs, findings.at(name, "after"));
    nodes.set(
      name,
      compileNode(name, node, target, scopeFor(draft, needs), () => [...needs].sort(), findings.at(name)),
    );
  }
  return nodes;
}

function inOrder(nodes: Map<string, PlanNode>, findings: Findings): PlanNode[] {
  const needs = new Map([...nodes].map(([name, node]) => [name, node.needs.filter((need) => nodes.has(need))]));
  const result = ordered(needs);
  if ("order" in result) return result.order.map((name) => nodes.get(name)!);
  findings.at(result.cycle[0]!).error("CycleDetected", `nodes wait for each other: ${result.cycle.join(" needs ")}`);
  return [];
}

function compileOutputs(draft: Draft, findings: Findings): Record<string, PlanOutput> {
  const authored = (draft.spec.outputs ?? {}) as JsonObject;
  const scope = scopeFor(draft, new Set());
  const outputs: Record<string, PlanOutput> = {};
  for (const [name, parameter] of readParameters(authored, findings)) {
    const given = authored[name] as { readonly [key: string]: Json };
    const source = ["from", "expr", "firstOf"].filter((form) => given[form] !== undefined);
    if (typeof given !== "object" || source.length !== 1) {
      findings.at(name).error("InvalidValue", "a workflow output says where it comes from: {type: float, from: nodes.train.outputs.loss}");
      continue;
    }
    const from = source[0] === "firstOf" ? undefined : bind({ [source[0]!]: given[source[0]!]! }, parameter.type, scope, findings.at(name));
    if (from) outputs[name] = { ...parameter.plan, from };
  }
  return outputs;
}

function failureNode(draft: Draft, lookup: Lookup, findings: Findings): PlanNode | undefined {
  const spec = draft.spec.onFailure as NodeSpec | undefined;
  const target = spec && lookup.target(spec, findings);
  if (!spec || !target) return undefined;
  if (target.kind === "workflow") return void findings.at("workflow").error("NotImplemented", "a workflow as failure node does not work yet: name a task");
  return compileNode("onFailure", spec, target, scopeFor(draft, new Set(), true), () => [], findings);
}

function warnUnused(draft: Draft, findings: Findings): void {
  for (const name of draft.inputs.keys()) if (!draft.usedInputs.has(name)) findings.at(name).warning("InputUnused", `no node uses the input ${name}`);
}

/** Compiles one Workflow; what its nodes name is asked of `lookup`. */
export function compileWorkflow(definition: Definition, lookup: Lookup): WorkflowUnit {
  const problems: Problem[] = [];
  const findings = findingsOf({ kind: "Workflow", name: definition.name }, problems, ["spec"]);
  const spec = definition.spec as unknown as WorkflowSpec;
  refuseUnsupported("Workflow", definition.spec, findings);
  const names = Object.keys(spec.nodes ?? {});
  if (names.length > MAX_NODES) findings.at("nodes").error("TooManyNodes", `${names.length} nodes; at most ${MAX_NODES} are allowed`);
  const inputs = readParameters(spec.inputs as JsonObject | undefined, findings.at("inputs"));
  for (const { name, download } of inputs.values()) {
    if (download !== undefined) findings.at("inputs", name, "download").error("InvalidValue", "the Task says how it gets its data: write download: None there");
  }
  const targets = new Map<string, Target>();
  for (const name of names) {
    const target = lookup.target(spec.nodes[name]!, findings.at("nodes", name));
    if (target) targets.set(name, target);
  }
  const draft: Draft = { spec, inputs, targets, shapes: new Map(), usedInputs: new Set(), broken: new Set(names.filter((name) => !targets.has(name))) };
  readShapes(draft);
  const nodes = inOrder(compileNodes(draft, findings.at("nodes")), findings.at("nodes"));
  const outputs = compileOutputs(draft, findings.at("outputs"));
  const onFailure = failureNode(draft, lookup, findings.at("onFailure"));
  if (!problems.some(({ severity }) => severity === "error")) warnUnused(draft, findings.at("inputs"));
  const children = [...targets.values()].filter(({ kind }) => kind === "workflow").map(({ name }) => name);
  const failed = problems.some(({ severity }) => severity === "error");
  return { inputs, outputs: outputTypes(spec), problems, children, graph: failed ? undefined : graphOf(spec, inputs, outputs, nodes, onFailure) };
}

/** Also of a workflow with problems, so that its users are not told the same again. */
function outputTypes(spec: WorkflowSpec): ReadonlyMap<string, Type> {
  return typesOf(readParameters(spec.outputs as JsonObject | undefined, findingsOf({ kind: "Workflow", name: "" }, [])));
}

function graphOf(spec: WorkflowSpec, inputs: Parameters, outputs: Record<string, PlanOutput>, nodes: PlanNode[], onFailure: PlanNode | undefined): PlanGraph {
  const timeout = spec.timeout === undefined ? undefined : parseDuration(spec.timeout);
  return {
    inputs: planParameters(inputs),
    outputs,
    nodes,
    failurePolicy: spec.failurePolicy ?? "FailImmediately",
    ...(onFailure ? { onFailure } : {}),
    ...(spec.maxParallelism === undefined ? {} : { maxParallelism: spec.maxParallelism }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}
