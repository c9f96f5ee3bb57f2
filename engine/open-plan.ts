import type { Plan, PlanGraph, PlanNode } from "./plan.ts";

/** One use of a graph in a run: the root, or what a workflow node runs. */
export interface Scope {
  /** "" for the root, else the path of the node that runs it. */
  readonly path: string;
  readonly name: string;
  readonly graph: PlanGraph;
  readonly parent: Scope | undefined;
  /** The workflow node in the parent. */
  readonly node: PlanNode | undefined;
  /** In plan order: each after what it needs. */
  readonly instances: readonly Instance[];
  readonly byName: ReadonlyMap<string, Instance>;
  readonly failure: Instance | undefined;
}

/** One node in one scope. */
export interface Instance {
  /** Its place in the arrays that hold states. */
  readonly index: number;
  /** `publish.ok`. */
  readonly path: string;
  /** What actions are called: the path, or for a failure node something no node can be called. */
  readonly action: string;
  readonly node: PlanNode;
  readonly scope: Scope;
  readonly needs: readonly Instance[];
  readonly after: readonly Instance[];
  /** What a workflow node runs. */
  readonly inner: Scope | undefined;
}

/** A plan unfolded into the nodes of a run, made once and used for every decision. */
export interface OpenPlan {
  readonly plan: Plan;
  readonly root: Scope;
  readonly instances: readonly Instance[];
  /** Nodes that become actions, failure nodes left out. */
  readonly tasks: number;
}

/** Unfolds a plan. Linear in the number of nodes with those of sub-workflows. */
export function openPlan(plan: Plan): OpenPlan {
  const all: Instance[] = [];

  function instance(node: PlanNode, scope: Scope, byName: ReadonlyMap<string, Instance>): Instance {
    const path = scope.path === "" ? node.name : `${scope.path}.${node.name}`;
    const found = (names: readonly string[]): readonly Instance[] => names.map((name) => byName.get(name)!);
    const made: { -readonly [K in keyof Instance]: Instance[K] } = {
      index: all.length,
      path,
      action: path,
      node,
      scope,
      needs: found(node.needs),
      after: found(node.after ?? []),
      inner: undefined,
    };
    all.push(made);
    if (node.kind === "workflow") made.inner = unfold(node.target, path, scope, node);
    return made;
  }

  function failureOf(scope: Scope): Instance | undefined {
    const node = scope.graph.onFailure;
    if (!node) return undefined;
    const prefix = scope.path === "" ? "" : `${scope.path}.`;
    const made: Instance = {
      index: all.length,
      path: `${prefix}onFailure`,
      action: `${prefix}.on-failure`,
      node,
      scope,
      needs: [],
      after: [],
      inner: undefined,
    };
    all.push(made);
    return made;
  }

  function unfold(name: string, path: string, parent: Scope | undefined, node: PlanNode | undefined): Scope {
    const graph = plan.graphs[name]!;
    const instances: Instance[] = [];
    const byName = new Map<string, Instance>();
    const scope: { -readonly [K in keyof Scope]: Scope[K] } = { path, name, graph, parent, node, instances, byName, failure: undefined };
    for (const inner of graph.nodes) {
      const made = instance(inner, scope, byName);
      instances.push(made);
      byName.set(inner.name, made);
    }
    scope.failure = failureOf(scope);
    return scope;
  }

  const root = unfold(plan.root, "", undefined, undefined);
  const tasks = all.filter(({ node, scope, index }) => node.kind === "task" && scope.failure?.index !== index).length;
  return { plan, root, instances: all, tasks };
}
