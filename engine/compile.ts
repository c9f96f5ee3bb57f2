import { MAX_NODES, type NodeSpec } from "../crds/index.ts";
import type { Target } from "./compile-node.ts";
import { compileTask, type TaskUnit, type Unit } from "./compile-task.ts";
import { compileWorkflow, type WorkflowUnit } from "./compile-workflow.ts";
import type { Definitions } from "./definitions.ts";
import type { Findings } from "./findings.ts";
import { type Plan, PLAN_FORMAT, type PlanBinding, type PlanGraph, type PlanTask } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { hint } from "./hint.ts";
import { checkLimits, mergedResources, QUOTA_REFERENCE, type Resources } from "./task-limits.ts";

export interface CompileTarget {
  readonly kind: "Task" | "Workflow";
  readonly name: string;
}

export interface CompileResult {
  /** Absent when there is a problem of severity error. */
  readonly plan?: Plan;
  readonly problems: readonly Problem[];
  /** Definitions that were looked up, found or not (`Task/split`): compiling again is due when one of them changes. */
  readonly references: readonly string[];
}

/** The node of a plan that runs a Task by itself; Flyte calls the root action so. */
export const ROOT_NODE = "a0";

/** Compiles definitions of one set, each at most once. */
export interface Compiler {
  compile(target: CompileTarget): CompileResult;
}

const errorsOf = (unit: Unit): readonly Problem[] => unit.problems.filter(({ severity }) => severity === "error");

export function compiler(definitions: Definitions): Compiler {
  const tasks = new Map<string, TaskUnit | undefined>();
  const workflows = new Map<string, WorkflowUnit | undefined>();
  const references = new Map<string, Set<string>>();
  /** Workflows being compiled, outermost first. */
  const stack: string[] = [];

  function task(name: string): TaskUnit | undefined {
    if (!tasks.has(name)) {
      const definition = definitions.task(name);
      tasks.set(name, definition && compileTask(definition, definitions.taskLimits()));
    }
    return tasks.get(name);
  }

  function workflow(name: string): WorkflowUnit | undefined {
    if (!workflows.has(name)) {
      const definition = definitions.workflow(name);
      references.set(name, new Set());
      stack.push(name);
      const unit = definition && compileWorkflow(definition, lookup(name));
      stack.pop();
      workflows.set(name, unit);
    }
    return workflows.get(name);
  }

  function broken(unit: Unit, kind: string, name: string, findings: Findings): void {
    const [first] = errorsOf(unit);
    if (first) findings.error(kind === "task" ? "TaskInvalid" : "WorkflowInvalid", `${kind} ${name} does not compile: ${first.message}`);
  }

  function lookup(from: string) {
    const target = (node: NodeSpec, findings: Findings): Target | undefined => {
      if (node.task !== undefined) return taskTarget(node.task, node.overrides?.resources, findings);
      return node.workflow === undefined ? undefined : workflowTarget(node.workflow, findings);
    };
    const used = references.get(from)!;

    function taskTarget(name: string, overrides: Resources | undefined, findings: Findings): Target | undefined {
      used.add(`Task/${name}`);
      const unit = task(name);
      if (!unit) return void findings.at("task").error("TaskUnknown", `there is no task ${name}${hint(name, definitions.taskNames())}`);
      broken(unit, "task", name, findings.at("task"));
      const { container } = unit.plan.spec as { container?: { resources?: Resources } };
      checkLimits(overrides, mergedResources(container?.resources, overrides), definitions.taskLimits() ?? {}, findings.at("overrides", "resources"));
      return { kind: "task", name, unit };
    }

    function workflowTarget(name: string, findings: Findings): Target | undefined {
      used.add(`Workflow/${name}`);
      const at = stack.indexOf(name);
      if (at >= 0) return void findings.at("workflow").error("CycleDetected", `workflows run each other: ${[...stack.slice(at), name].join(" runs ")}`);
      const unit = workflow(name);
      if (!unit) return void findings.at("workflow").error("WorkflowUnknown", `there is no workflow ${name}${hint(name, definitions.workflowNames())}`);
      for (const reference of references.get(name) ?? []) used.add(reference);
      broken(unit, "workflow", name, findings.at("workflow"));
      return { kind: "workflow", name, unit };
    }

    return { target };
  }

  function compileOne(target: CompileTarget): CompileResult {
    const unit = target.kind === "Task" ? task(target.name) : workflow(target.name);
    const own = `${target.kind}/${target.name}`;
    const used = [own, QUOTA_REFERENCE, ...(target.kind === "Workflow" ? (references.get(target.name) ?? []) : [])];
    if (!unit) return { problems: [absent(definitions, target)], references: used };
    if (errorsOf(unit).length > 0) return { problems: unit.problems, references: used };
    const plan = target.kind === "Task" ? taskPlan(unit as TaskUnit) : workflowPlan(target.name, workflows, tasks);
    const total = target.kind === "Task" ? 1 : sizeOf(target.name, plan.graphs, new Map());
    if (total <= MAX_NODES) return { plan, problems: unit.problems, references: used };
    const tooMany: Problem = {
      code: "TooManyNodes",
      message: `${total} nodes with those of sub-workflows; at most ${MAX_NODES} are allowed`,
      path: ["spec", "nodes"],
      severity: "error",
      object: target,
    };
    return { problems: [...unit.problems, tooMany], references: used };
  }

  return { compile: compileOne };
}

function absent(definitions: Definitions, { kind, name }: CompileTarget): Problem {
  const known = kind === "Task" ? definitions.taskNames() : definitions.workflowNames();
  const message = `there is no ${kind.toLowerCase()} ${name}${hint(name, known)}`;
  return { code: kind === "Task" ? "TaskUnknown" : "WorkflowUnknown", message, path: [], severity: "error", object: { kind, name } };
}

function taskPlan({ plan }: TaskUnit): Plan {
  const inputs = Object.fromEntries(
    Object.entries(plan.inputs).map(([name, { type }]): [string, PlanBinding] => [name, { type, from: { kind: "input", name } }]),
  );
  const outputs = Object.fromEntries(
    Object.entries(plan.outputs).map(([name, output]) => [name, { ...output, from: { kind: "output" as const, node: ROOT_NODE, name } }]),
  );
  const graph: PlanGraph = {
    inputs: plan.inputs,
    outputs,
    nodes: [{ name: ROOT_NODE, kind: "task", target: plan.name, needs: [], inputs }],
    failurePolicy: "FailImmediately",
  };
  return { format: PLAN_FORMAT, target: { kind: "Task", name: plan.name }, root: plan.name, graphs: { [plan.name]: graph }, tasks: { [plan.name]: plan } };
}

function workflowPlan(root: string, workflows: ReadonlyMap<string, WorkflowUnit | undefined>, tasks: ReadonlyMap<string, TaskUnit | undefined>): Plan {
  const graphs: Record<string, PlanGraph> = {};
  const used: Record<string, PlanTask> = {};
  const add = (name: string): void => {
    const unit = workflows.get(name);
    if (!unit?.graph || Object.hasOwn(graphs, name)) return;
    graphs[name] = unit.graph;
    for (const node of [...unit.graph.nodes, ...(unit.graph.onFailure ? [unit.graph.onFailure] : [])]) {
      if (node.kind === "task") used[node.target] = tasks.get(node.target)!.plan;
      else add(node.target);
    }
  };
  add(root);
  return { format: PLAN_FORMAT, target: { kind: "Workflow", name: root }, root, graphs, tasks: used };
}

/** Nodes of a graph with those of its sub-workflows, each counted as often as it runs. */
function sizeOf(name: string, graphs: Readonly<Record<string, PlanGraph>>, known: Map<string, number>): number {
  const counted = known.get(name);
  if (counted !== undefined) return counted;
  const size = graphs[name]!.nodes.reduce((total, node) => total + 1 + (node.kind === "workflow" ? sizeOf(node.target, graphs, known) : 0), 0);
  known.set(name, size);
  return size;
}

/** Compiles one Workflow or Task together with everything it names. Every problem is reported at once. */
export function compile(definitions: Definitions, target: CompileTarget): CompileResult {
  return compiler(definitions).compile(target);
}
