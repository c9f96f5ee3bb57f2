import { FINALIZER, type Outcome, settled, waiting } from "../../base/index.ts";
import { runBase } from "../../blobs/index.ts";
import { isFinished, type Project, ProjectKind, type Run, RunKind, type RunSpec, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import type { RunError } from "../../engine/index.ts";
import type { ReconcileRun, Reconciler, Stored } from "../../kube/index.ts";
import { type Admission, admission } from "./admission.ts";
import { advance } from "./advance.ts";
import { needsAnswerer } from "./answer-needs.ts";
import type { RunContext, RunMemory } from "./context.ts";
import type { RunDeps } from "./deps.ts";
import { effectiveSpec } from "./effective-spec.ts";
import { actionEnded, actionsOf, indexActions } from "./facts-of-run.ts";
import { dataError } from "./failures.ts";
import { homesOfRuns } from "./homes-of-runs.ts";
import { planSource } from "./pin-plan.ts";
import { endRun, showProgress } from "./run-status.ts";
import { abortAction } from "./start-action.ts";
import { storeInputs } from "./store-inputs.ts";
import { takeUp, unsupportedIn } from "./take-up.ts";

export interface RunReconciler extends Reconciler<Run> {
  /** Runs to look at when an action changes: its own, and when it has ended those that waited for room. */
  wokenByAction(action: Stored<TaskAction>): readonly string[];
  /** Runs to look at when a run changes: when it has ended, those that wait for their turn. */
  wokenByRun(run: Stored<Run>): readonly string[];
  /** Runs to look at when a definition, a trigger or a quota of the namespace changes: those not taken up yet. */
  wokenByNamespace(namespace: string): readonly string[];
  readonly admission: Admission;
}

export function runReconciler(deps: RunDeps): RunReconciler {
  const { informers, blobs } = deps;
  const { client } = informers;
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  indexActions(actions);
  const projects = informers.of<Project>({ kind: ProjectKind });
  const homes = homesOfRuns(informers);
  const quota = admission(informers);
  const plans = planSource(deps);
  const needs = needsAnswerer(deps);
  const memories = new Map<string, RunMemory>();
  /** Runs that wait for room under actions.maxConcurrent, by namespace. */
  const starved = new Map<string, Set<string>>();

  const keyOf = (run: Stored<Run>): string => `${run.metadata.namespace}/${run.metadata.name}`;

  function memoryOf(uid: string): RunMemory {
    const known = memories.get(uid) ?? { values: new Map(), answers: new Map() };
    memories.set(uid, known);
    return known;
  }

  function forget(run: Stored<Run>): void {
    memories.delete(run.metadata.uid);
    starved.get(run.metadata.namespace ?? "")?.delete(keyOf(run));
  }

  function fail(pass: ReconcileRun, run: Stored<Run>, error: RunError): Outcome {
    endRun(pass, run, "Failed", error);
    return settled();
  }

  async function step(run: Stored<Run>, spec: RunSpec, pass: ReconcileRun): Promise<Outcome> {
    const namespace = run.metadata.namespace ?? "";
    const plan = await plans.open(run.status!.plan!.digest);
    const place = homes.place(namespace);
    const base = runBase({ ...place, run: run.metadata.name, runUid: run.metadata.uid });
    const context: RunContext = {
      run,
      spec,
      plan,
      ...place,
      base,
      dataPrefixes: run.status?.dataPrefixes ?? [],
      actions: actionsOf(actions, run.metadata.uid),
      memory: memoryOf(run.metadata.uid),
    };
    await storeInputs(context, pass, { blobs, needs });
    const circumstances = { now: pass.now, startBudget: quota.startBudget(namespace) };
    const advanced = await advance(context, circumstances, pass, { informers, blobs, needs, project: projects.get(place.project) });
    const waitingHere = starved.get(namespace) ?? new Set<string>();
    starved.set(namespace, waitingHere);
    if (advanced.starved) waitingHere.add(keyOf(run));
    else waitingHere.delete(keyOf(run));
    return advanced.outcome;
  }

  async function abortAll(run: Stored<Run>, reason: string): Promise<readonly Stored<TaskAction>[]> {
    const unfinished = [...actionsOf(actions, run.metadata.uid).values()].filter((action) => !actionEnded(action));
    for (const action of unfinished) await abortAction(client, action, reason);
    return unfinished;
  }

  /** A deleted run that has not ended ends as aborted, once nothing of it runs any more: that is what the archive keeps. */
  async function finalize(run: Stored<Run>, pass: ReconcileRun): Promise<Outcome> {
    if (!isFinished(run)) {
      const unfinished = await abortAll(run, "the run was deleted");
      if (unfinished.length > 0) return waiting("ActionsEnding", `${unfinished.length} actions to stop`);
      endRun(pass, run, "Aborted", run.status?.error as RunError | undefined);
    }
    forget(run);
    // The archive controller takes the finalizer off.
    return waiting("Archiving", "its record to be in the archive");
  }

  async function reconcile(run: Stored<Run>, pass: ReconcileRun): Promise<Outcome> {
    if (isFinished(run)) {
      forget(run);
      return settled();
    }
    if (homes.isTerminating(run.metadata.namespace ?? "")) {
      await abortAll(run, "the namespace is being deleted");
      return waiting("NamespaceTerminating", "the end of the namespace");
    }
    if (run.status?.startTime === undefined) {
      if (run.spec.desiredState === "Aborted") {
        endRun(pass, run, "Aborted");
        return settled();
      }
      const refusal = unsupportedIn(run);
      if (refusal) return fail(pass, run, refusal);
    }
    try {
      const spec = await effectiveSpec(informers, run);
      if (spec.kind === "waiting") {
        showProgress(pass, run, "Waiting", spec);
        return settled();
      }
      if (run.status?.startTime === undefined) {
        const outcome = await takeUp(run, spec.value, pass, { plans, quota, homes });
        if (outcome) return outcome;
      }
      return await step(run, spec.value, pass);
    } catch (thrown) {
      const error = dataError(thrown);
      if (!error) throw thrown;
      return fail(pass, run, error);
    }
  }

  return {
    kind: RunKind,
    admission: quota,
    finalizer: FINALIZER.archive,
    summary: false,
    suspended: (run) => isFinished(run) && !(run.metadata.finalizers ?? []).includes(FINALIZER.archive),
    reconcile,
    finalize,
    wokenByAction(action) {
      const namespace = action.metadata.namespace ?? "";
      const own = `${namespace}/${action.spec.runName}`;
      return actionEnded(action) ? [own, ...(starved.get(namespace) ?? [])] : [own];
    },
    wokenByRun: (run) => (isFinished(run) || run.metadata.deletionTimestamp !== undefined ? quota.queued(run.metadata.namespace ?? "") : []),
    wokenByNamespace: (namespace) => [...quota.queued(namespace), ...(starved.get(namespace) ?? [])],
  };
}
