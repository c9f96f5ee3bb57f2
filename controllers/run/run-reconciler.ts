import { digestJson, FINALIZER, LABEL, type Outcome, type Place, placeOf, settled, waiting, type JsonObject } from "../../base/index.ts";
import { rootInputsKey, runBase } from "../../blobs/index.ts";
import { isFinished, type Project, ProjectKind, type Run, RunKind, type RunSpec, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { findings, parametersOfPlan, type Problem, refuseUnsupported, type RunError } from "../../engine/index.ts";
import { isNotFound, Kinds, type ReconcileRun, type Reconciler, type Stored } from "../../kube/index.ts";
import { LiteralMapSchema, toBinary } from "../../proto/index.ts";
import { offload } from "../../values/index.ts";
import { type Admission, admission } from "./admission.ts";
import { advance } from "./advance.ts";
import { needsAnswerer } from "./answer-needs.ts";
import type { RunContext, RunMemory } from "./context.ts";
import type { RunDeps } from "./deps.ts";
import { effectiveSpec } from "./effective-spec.ts";
import { actionEnded, actionsOf, indexActions } from "./facts-of-run.ts";
import { dataError } from "./failures.ts";
import { planSource, shortRevision, unresolvedIn } from "./pin-plan.ts";
import { readRemotes, wantedRemotes } from "./remote-inputs.ts";
import { runInputs } from "./run-inputs.ts";
import { endRun, showProgress } from "./run-status.ts";
import { abortAction } from "./start-action.ts";
import { instant } from "./times.ts";

export interface RunReconciler extends Reconciler<Run> {
  /** Runs to look at when an action changes: its own, and when it has ended those that waited for room. */
  wokenByAction(action: Stored<TaskAction>): readonly string[];
  /** Runs to look at when a run changes: when it has ended, those that wait for their turn. */
  wokenByRun(run: Stored<Run>): readonly string[];
  /** Runs to look at when a definition, a trigger or a quota of the namespace changes: those not taken up yet. */
  wokenByNamespace(namespace: string): readonly string[];
  readonly admission: Admission;
}

const INPUTS_LITERAL = "inputs";

function absent(thrown: unknown): undefined {
  if (!isNotFound(thrown)) throw thrown;
  return undefined;
}

export function runReconciler(deps: RunDeps): RunReconciler {
  const { informers, blobs } = deps;
  const { client } = informers;
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  indexActions(actions);
  const projects = informers.of<Project>({ kind: ProjectKind });
  const namespaces = informers.of({ kind: Kinds.Namespace });
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

  /** Project and domain are labels of the namespace; without them they are read off its name. */
  function labelledPlace(namespace: string): Place {
    const labels = namespaces.get(namespace)?.metadata.labels;
    const { project, domain } = placeOf(namespace);
    return { project: labels?.[LABEL.project] ?? project, domain: labels?.[LABEL.domain] ?? (domain || "default") };
  }

  /**
   * Where remote data of a new run may lie. Only a namespace that the Project itself has made or adopted gets its prefixes, not one that is
   * merely called so. A run that names such data comes to fresh eyes: it may have been applied together with the prefix that allows it.
   */
  async function dataPrefixes(namespace: string, wanted: boolean): Promise<readonly string[]> {
    const home = wanted ? await client.get(Kinds.Namespace, { name: namespace }).catch(absent) : namespaces.get(namespace);
    const labels = home?.metadata.labels;
    const name = labels?.[LABEL.project];
    if (name === undefined) return [];
    const project = wanted ? await client.get<Project>(ProjectKind, { name }).catch(absent) : projects.get(name);
    return project && labels?.[LABEL.projectUid] === project.metadata.uid ? (project.spec.dataPrefixes ?? []) : [];
  }

  const isTerminating = (namespace: string): boolean => namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined;

  function fail(pass: ReconcileRun, run: Stored<Run>, error: RunError): Outcome {
    endRun(pass, run, "Failed", error);
    return settled();
  }

  function unsupported(run: Stored<Run>): RunError | undefined {
    const problems: Problem[] = [];
    refuseUnsupported("Run", run.spec as unknown as JsonObject, findings({ kind: "Run", name: run.metadata.name }, problems, ["spec"]));
    if (problems.length === 0) return undefined;
    return { code: "NotImplemented", kind: "USER", message: problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") };
  }

  /** Takes a run up: its turn, its definition, its start. Nothing is made before the plan is pinned in the status. */
  async function takeUp(run: Stored<Run>, spec: RunSpec, pass: ReconcileRun): Promise<Outcome | undefined> {
    const found = await plans.find(run, spec);
    run.status = { ...run.status, of: spec.workflow ?? spec.task ?? spec.trigger ?? "" };
    if (found.kind === "waiting") {
      showProgress(pass, run, "Waiting", found);
      return settled();
    }
    if (!quota.admits(run)) {
      const limit = quota.limit(run.metadata.namespace ?? "");
      showProgress(pass, run, "Queued", { reason: "RunsQuota", on: `its turn: the ProjectQuota lets ${limit} runs go on at once` });
      return settled();
    }
    const { digest, revision } = found.value;
    const remotes = wantedRemotes(await plans.open(digest), (spec.inputs ?? {}) as JsonObject);
    const prefixes = await dataPrefixes(run.metadata.namespace ?? "", remotes.length > 0);
    const short = shortRevision(revision);
    run.status = {
      ...run.status,
      phase: "Running",
      startTime: instant(pass.now),
      plan: { digest, ...(revision === undefined ? {} : { revision }) },
      ...(prefixes.length === 0 ? {} : { dataPrefixes: [...prefixes] }),
      ...(short === undefined ? {} : { revisionShort: short }),
    };
    showProgress(pass, run, "Running");
    pass.event({ type: "Normal", reason: "Started", message: `${run.status.of} ${short ?? digest.slice(0, 19)}` });
    await pass.progress();
    return undefined;
  }

  /** Checks and stores the run's inputs, once. */
  async function storeInputs({ run, spec, plan, base, ...place }: RunContext, pass: ReconcileRun): Promise<void> {
    if (run.status?.inputs) return;
    const unresolved = unresolvedIn(plan);
    if (unresolved) throw unresolved;
    const declared = plan.root.graph.inputs;
    const given = (spec.inputs ?? {}) as JsonObject;
    const remote = await readRemotes(needs.remote, { base, ...place }, wantedRemotes(plan, given));
    const literals = runInputs(blobs, declared, given, remote);
    const { map, parts } = offload(parametersOfPlan(declared), literals, (name) => blobs.uri(`${base}/${INPUTS_LITERAL}/${name}.pb`));
    for (const { name, bytes } of parts) await blobs.write(`${base}/${INPUTS_LITERAL}/${name}.pb`, bytes);
    const key = rootInputsKey(base);
    await blobs.write(key, toBinary(LiteralMapSchema, map));
    run.status = { ...run.status, inputs: { uri: blobs.uri(key), digest: digestJson(given) } };
    pass.mark("Resolved", "Resolved");
  }

  async function step(run: Stored<Run>, spec: RunSpec, pass: ReconcileRun): Promise<Outcome> {
    const namespace = run.metadata.namespace ?? "";
    const plan = await plans.open(run.status!.plan!.digest);
    const place = labelledPlace(namespace);
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
    await storeInputs(context, pass);
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
    if (isTerminating(run.metadata.namespace ?? "")) {
      await abortAll(run, "the namespace is being deleted");
      return waiting("NamespaceTerminating", "the end of the namespace");
    }
    if (run.status?.startTime === undefined) {
      if (run.spec.desiredState === "Aborted") {
        endRun(pass, run, "Aborted");
        return settled();
      }
      const refusal = unsupported(run);
      if (refusal) return fail(pass, run, refusal);
    }
    try {
      const spec = await effectiveSpec(informers, run);
      if (spec.kind === "waiting") {
        showProgress(pass, run, "Waiting", spec);
        return settled();
      }
      if (run.status?.startTime === undefined) {
        const outcome = await takeUp(run, spec.value, pass);
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
