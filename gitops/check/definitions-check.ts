import type { JsonObject } from "../../base/index.ts";
import { compiler, type CompileResult, type CompileTarget, type Definition, type Definitions, QUOTA_REFERENCE, type TaskLimits } from "../../engine/index.ts";
import { type Candidate, type Complaint, error } from "./candidate.ts";

/**
 * What is not in the repository but in the cluster, where the repository's objects may use it; a Project for where its data may lie,
 * a ProjectQuota for what its tasks may ask for.
 */
export interface DefinitionElsewhere {
  readonly kind: "Task" | "Workflow" | "Project" | "ProjectQuota";
  /** "" for a Project. */
  readonly namespace: string;
  readonly name: string;
  readonly spec: JsonObject;
  /** Changes whenever the spec does. */
  readonly version: string;
}

interface Known extends Definition {
  readonly version: string;
}

type Quota = Pick<DefinitionElsewhere, "spec" | "version">;

interface Kept {
  /** Every definition that was looked up, with its version; compiling again is due when one differs. */
  readonly versions: string;
  readonly result: CompileResult;
}

/** Compiles what changed since the last time, directly or through what it refers to. */
export interface DefinitionsCheck {
  check(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): void;
}

const keyOf = (kind: string, name: string): string => `${kind}/${name}`;

function byNamespace<T>(items: readonly T[], namespaceOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(namespaceOf(item));
    if (group) group.push(item);
    else groups.set(namespaceOf(item), [item]);
  }
  return groups;
}

const isDefinition = (kind: string): boolean => kind === "Task" || kind === "Workflow";

function knownDefinitions(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { kind, name, spec, version } of elsewhere)
    if (kind === "Task" || kind === "Workflow") known.set(keyOf(kind, name), { kind, name, spec, version });
  // A definition of the repository wins over one in the cluster, and hides it even when it is invalid.
  for (const { identity, spec, digest } of candidates) {
    const key = keyOf(identity.kind, identity.name);
    known.delete(key);
    if (spec) known.set(key, { kind: identity.kind as "Task" | "Workflow", name: identity.name, spec, version: digest });
  }
  return known;
}

function definitionsOf(known: ReadonlyMap<string, Known>, quota: Quota | undefined): Definitions {
  const names = (kind: string) => [...known.values()].filter((each) => each.kind === kind).map(({ name }) => name);
  return {
    task: (name) => known.get(keyOf("Task", name)),
    workflow: (name) => known.get(keyOf("Workflow", name)),
    taskNames: () => names("Task"),
    workflowNames: () => names("Workflow"),
    taskLimits: () => quota?.spec["taskLimits"] as TaskLimits | undefined,
  };
}

/** The ProjectQuota of each namespace, as far as it is known. One in the repository wins over one in the cluster. */
function quotasOf(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): ReadonlyMap<string, Quota> {
  const quotas = new Map<string, Quota>();
  for (const { kind, namespace, spec, version } of elsewhere) if (kind === "ProjectQuota") quotas.set(namespace, { spec, version });
  for (const { identity, spec, digest } of candidates) if (identity.kind === "ProjectQuota" && spec) quotas.set(identity.namespace, { spec, version: digest });
  return quotas;
}

/** A reference to an object that is in the repository but invalid is told apart from one to nothing. */
function explained(problem: CompileResult["problems"][number], candidate: Candidate, siblings: ReadonlyMap<string, Candidate>): Complaint {
  const { code, message, path, severity } = problem;
  const kind = code === "TaskUnknown" ? "Task" : code === "WorkflowUnknown" ? "Workflow" : undefined;
  const sibling = kind && siblings.get(keyOf(kind, String(valueAt(candidate.spec, path))));
  if (!kind || !sibling) return { code, message, path, severity };
  return error(`${kind}Invalid`, `${kind.toLowerCase()} ${sibling.identity.name} has problems of its own (${sibling.file}:${sibling.position.line})`, path);
}

function valueAt(spec: unknown, path: readonly (string | number)[]): unknown {
  return path
    .slice(1)
    .reduce<unknown>((value, step) => (typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[step] : undefined), spec);
}

export function definitionsCheck(): DefinitionsCheck {
  let kept = new Map<string, Kept>();
  return {
    check(candidates, elsewhere) {
      const next = new Map<string, Kept>();
      const foreign = byNamespace(elsewhere, ({ namespace }) => namespace);
      const quotas = quotasOf(candidates, elsewhere);
      const definitions = candidates.filter(({ identity }) => isDefinition(identity.kind));
      for (const [namespace, group] of byNamespace(definitions, ({ identity }) => identity.namespace)) {
        const surroundings = { elsewhere: foreign.get(namespace) ?? [], quota: quotas.get(namespace) };
        checkNamespace(namespace, group, surroundings, kept, next);
      }
      kept = next;
    },
  };
}

function checkNamespace(
  namespace: string,
  group: readonly Candidate[],
  { elsewhere, quota }: { readonly elsewhere: readonly DefinitionElsewhere[]; readonly quota: Quota | undefined },
  kept: ReadonlyMap<string, Kept>,
  next: Map<string, Kept>,
): void {
  const known = knownDefinitions(group, elsewhere);
  const siblings = new Map(group.map((candidate) => [keyOf(candidate.identity.kind, candidate.identity.name), candidate]));
  const versionsOf = (references: readonly string[]) => references.map((key) => (key === QUOTA_REFERENCE ? quota : known.get(key))?.version ?? "").join();
  const compilation = compiler(definitionsOf(known, quota));
  for (const candidate of group) {
    if (!candidate.spec) continue;
    const { kind, name } = candidate.identity;
    const key = `${namespace}/${keyOf(kind, name)}`;
    const before = kept.get(key);
    const fresh = before && versionsOf(before.result.references) === before.versions ? before : undefined;
    const result = fresh?.result ?? compilation.compile({ kind, name } as CompileTarget);
    next.set(key, fresh ?? { versions: versionsOf(result.references), result: { problems: result.problems, references: result.references } });
    candidate.found.push(...result.problems.map((problem) => explained(problem, candidate, siblings)));
  }
}
