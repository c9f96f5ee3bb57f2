import { ANNOTATION, type Outcome, settled, TerminalFailure } from "../../base/index.ts";
import { type BlobStore, planKey, planOriginKey } from "../../blobs/index.ts";
import { type Task, TaskKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import type { Problem } from "../../engine/index.ts";
import type { ReconcileRun, Reconciler, Stored } from "../../kube/index.ts";
import type { CompileCache } from "./compile-cache.ts";

export interface DefinitionDeps {
  readonly cache: CompileCache;
  readonly blobs: BlobStore;
}

/** As many as the status holds. */
const PROBLEMS_MAX = 100;
const MESSAGE_MAX = 4_096;
const SHOWN = 5;

function fieldOf(path: Problem["path"]): string {
  return path.map((segment, at) => (typeof segment === "number" ? `[${segment}]` : at === 0 ? segment : `.${segment}`)).join("");
}

function statusProblems(problems: readonly Problem[]) {
  return problems.slice(0, PROBLEMS_MAX).map(({ path, code, message, severity }) => ({
    ...(path.length > 0 ? { path: fieldOf(path) } : {}),
    code,
    message: message.slice(0, MESSAGE_MAX),
    severity,
  }));
}

/** One sentence per problem, the first few of them: what `kubectl describe` shows. */
function summary(errors: readonly Problem[]): string {
  const shown = errors.slice(0, SHOWN).map(({ path, message }) => `${fieldOf(path)}: ${message}`);
  return errors.length > SHOWN ? `${shown.join("\n")}\n… and ${errors.length - SHOWN} more` : shown.join("\n");
}

/**
 * Where a plan comes from: the same plan keeps its revision; a definition that was itself written brings its own; else
 * something that it names was, and the newest of those tells.
 */
function revisionOf(object: Stored<Task> | Stored<Workflow>, kind: "Task" | "Workflow", digest: string, cache: CompileCache): string | undefined {
  const { namespace = "", name, annotations, generation } = object.metadata;
  const { plan, observedGeneration } = object.status ?? {};
  const own = annotations?.[ANNOTATION.revision];
  if (plan?.digest === digest && observedGeneration === generation) return plan.revision ?? own;
  if (plan === undefined || observedGeneration !== generation) return own;
  return cache.latestRevision(kind, namespace, name) ?? own;
}

/** Stores what compiled, or says what did not. */
async function compileInto(
  object: Stored<Task> | Stored<Workflow>,
  kind: "Task" | "Workflow",
  { cache, blobs }: DefinitionDeps,
  run: ReconcileRun,
): Promise<Outcome> {
  const { namespace = "", name } = object.metadata;
  const { stored, problems } = cache.compile(kind, namespace, name);
  const { plan: _plan, problems: _problems, ...status } = object.status ?? {};
  const said = problems.length > 0 ? { problems: statusProblems(problems) } : {};
  if (!stored) {
    const errors = problems.filter(({ severity }) => severity === "error");
    object.status = { ...status, ...said };
    const reason = errors.some(({ code }) => code !== "NotImplemented") ? errors.find(({ code }) => code !== "NotImplemented")!.code : "NotImplemented";
    run.mark("Compiled", reason, summary(errors), "False");
    throw new TerminalFailure(reason, summary(errors));
  }
  await blobs.writeIfAbsent(planKey(stored.digest), stored.text);
  await blobs.writeIfAbsent(planOriginKey({ namespace, kind, name }, stored.digest), "");
  const revision = revisionOf(object, kind, stored.digest, cache);
  object.status = { ...status, ...said, plan: { digest: stored.digest, ...(revision === undefined ? {} : { revision }) } };
  run.mark("Compiled", "Compiled");
  return settled();
}

/** Code that nobody has stored yet: the task compiles, but its Runs would have nothing to unpack. */
function markCode(task: Stored<Task>, run: ReconcileRun): void {
  const { code } = task.spec;
  const unresolved = code !== undefined && code.digest === undefined && code.git === undefined;
  const known = task.status?.conditions?.some(({ type }) => type === "CodeUnresolved") ?? false;
  if (unresolved) {
    run.mark(
      "CodeUnresolved",
      "CodeUnresolved",
      `spec.code ${code.path} has no digest: apply the task through a GitSync, or write the digest with flyteops synth --push`,
    );
  } else if (known) run.mark("CodeUnresolved", "CodeResolved", "", "False");
}

/** Compiles Tasks, whoever applied them. */
export function taskReconciler(deps: DefinitionDeps): Reconciler<Task> {
  return {
    kind: TaskKind,
    reconcile(task, run) {
      markCode(task, run);
      return compileInto(task, "Task", deps, run);
    },
  };
}

/** Compiles Workflows with everything they name, whoever applied them. */
export function workflowReconciler(deps: DefinitionDeps): Reconciler<Workflow> {
  return {
    kind: WorkflowKind,
    reconcile(workflow, run) {
      workflow.status = { ...workflow.status, nodes: Object.keys(workflow.spec.nodes).length };
      return compileInto(workflow, "Workflow", deps, run);
    },
  };
}
