import { ANNOTATION, type Clock, type JsonObject, LABEL, type Outcome, rfc3339, settled, shortHash, TerminalFailure, waiting } from "../../base/index.ts";
import { type GitSync, GitSyncKind, type Run, RunKind, type Task, TaskKind, type Trigger, TriggerKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import { notImplemented } from "../../gitops/index.ts";
import { type InformerSet, isAlreadyExists, type ReconcileRun, type Reconciler, type Stored } from "../../kube/index.ts";
import { type Observed, observe } from "./on-commit.ts";

/** A commit reaches the cluster object by object: a change counts once nothing has moved for this long. */
const QUIET_MS = 500;
const FIELD_MANAGER = "flyteops-trigger";

export interface TriggerDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
}

/** First 17 characters of the trigger, a hyphen, 12 of the hash over its uid and what it fires for: the same cause never makes two Runs. */
export function triggeredRunName(trigger: { readonly name: string; readonly uid: string }, cause: string): string {
  return `${trigger.name.slice(0, 17).replace(/[-.]+$/, "")}-${shortHash(`${trigger.uid}/${cause}`)}`;
}

function runOf(trigger: Stored<Trigger>, name: string, observed: Observed): Run {
  const { name: of, namespace, uid } = trigger.metadata;
  const { fixedInputs, ...template } = trigger.spec.run;
  return {
    apiVersion: trigger.apiVersion,
    kind: "Run",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [LABEL.trigger]: of },
      annotations: {
        [ANNOTATION.expects]: observed.planDigest,
        ...(observed.revision ? { [ANNOTATION.revision]: observed.revision } : {}),
        "flyte.org/trigger-uid": uid,
      },
    },
    spec: { ...template, inputs: { ...trigger.spec.defaultInputs, ...fixedInputs }, desiredState: "Running" },
  };
}

const isUnfinished = (run: Run): boolean => run.status?.endTime === undefined;

export function triggerReconciler({ informers, clock }: TriggerDeps): Reconciler<Trigger> {
  const { client } = informers;
  const workflows = informers.of<Workflow>({ kind: WorkflowKind });
  const tasks = informers.of<Task>({ kind: TaskKind });
  const runs = informers.of<Run>({ kind: RunKind });
  const syncs = informers.of<GitSync>({ kind: GitSyncKind });
  /** When each trigger's present digest was first seen. Losing it only delays a fire by the quiet time. */
  const firstSeen = new Map<string, { readonly digest: string; readonly at: number }>();

  const runsOf = (trigger: Stored<Trigger>) =>
    runs.list().filter((run) => run.metadata.namespace === trigger.metadata.namespace && run.metadata.labels?.[LABEL.trigger] === trigger.metadata.name);

  function definitionOf({ spec, metadata }: Stored<Trigger>) {
    const key = `${metadata.namespace}/${spec.run.workflow ?? spec.run.task}`;
    return spec.run.workflow ? workflows.get(key) : tasks.get(key);
  }

  /** The sync that applied the trigger is between two revisions: what is in the cluster now is no commit. */
  function syncIsMoving({ metadata }: Stored<Trigger>): boolean {
    const uid = metadata.labels?.[LABEL.syncUid];
    const sync = syncs.list().find((candidate) => candidate.metadata.uid === uid);
    return sync?.status?.conditions?.some(({ type, status }) => type === "Reconciling" && status === "True") ?? false;
  }

  /** Milliseconds until the digest counts as settled; 0 when it does. */
  function quietIn(uid: string, digest: string): number {
    const seen = firstSeen.get(uid);
    const now = clock.now();
    if (seen?.digest !== digest) firstSeen.set(uid, { digest, at: now });
    return seen?.digest === digest ? Math.max(0, seen.at + QUIET_MS - now) : QUIET_MS;
  }

  async function abortUnfinished(unfinished: readonly Stored<Run>[]): Promise<void> {
    for (const { metadata } of unfinished) {
      const body = { metadata: { uid: metadata.uid }, spec: { desiredState: "Aborted", abortReason: "replaced by a newer commit" } };
      await client.patch(RunKind, metadata, { type: "merge", body }, { fieldManager: FIELD_MANAGER });
    }
  }

  /** Makes the Run that the status says was decided on. Called again after a crash it finds it made. */
  async function ensureRun(trigger: Stored<Trigger>, name: string, observed: Observed): Promise<void> {
    const made = await client.create<Run>(RunKind, runOf(trigger, name, observed), { fieldManager: FIELD_MANAGER }).catch((thrown: unknown) => {
      if (!isAlreadyExists(thrown)) throw thrown;
      return client.get<Run>(RunKind, { namespace: trigger.metadata.namespace, name });
    });
    trigger.status = { ...trigger.status, lastRun: { ...trigger.status?.lastRun, name, uid: made.metadata.uid } };
  }

  async function fire(trigger: Stored<Trigger>, observed: Observed, run: ReconcileRun): Promise<Outcome | undefined> {
    const unfinished = runsOf(trigger).filter(isUnfinished);
    const policy = trigger.spec.concurrencyPolicy;
    const status = (trigger.status ??= {});
    if (policy === "Queue" && unfinished.length > 0) return waiting("RunUnfinished", `run ${unfinished[0]?.metadata.name} to finish`);
    const onCommit = { digest: observed.digest, ...(observed.revision ? { revision: observed.revision } : {}) };
    if (policy === "Forbid" && unfinished.length > 0) {
      trigger.status = { ...status, onCommit, skipped: (status.skipped ?? 0) + 1 };
      run.event({ type: "Normal", reason: "Skipped", message: `run ${unfinished[0]?.metadata.name} has not finished` });
      return undefined;
    }
    const name = triggeredRunName(trigger.metadata, `${observed.digest}/${observed.revision ?? ""}`);
    // What was decided is written before it is done: after a crash in between, the same Run is made and no other.
    trigger.status = { ...status, onCommit, lastRun: { name, at: rfc3339(run.now) }, lastFireTime: rfc3339(run.now) };
    await run.progress();
    if (policy === "Replace") await abortUnfinished(unfinished);
    await ensureRun(trigger, name, observed);
    run.event({ type: "Normal", reason: "RunCreated", message: `run ${name} for ${observed.revision ?? observed.digest}` });
    return undefined;
  }

  async function onCommit(trigger: Stored<Trigger>, run: ReconcileRun): Promise<Outcome | undefined> {
    if (!trigger.spec.onCommit) return undefined;
    const observation = observe(trigger, definitionOf(trigger));
    if (observation.kind === "waiting") return waiting("DefinitionNotReady", observation.on);
    const observed = observation.value;
    const last = trigger.status?.lastRun;
    if (trigger.status?.onCommit?.digest === observed.digest) {
      // Decided, but we stopped before it was done.
      if (last && last.uid === undefined) await ensureRun(trigger, last.name, observed);
      return undefined;
    }
    if (trigger.status?.onCommit === undefined) {
      trigger.status = { ...trigger.status, onCommit: { digest: observed.digest, ...(observed.revision ? { revision: observed.revision } : {}) } };
      return undefined;
    }
    if (syncIsMoving(trigger)) return waiting("SyncInProgress", "the sync to reach one revision", QUIET_MS);
    const quiet = quietIn(trigger.metadata.uid, observed.digest);
    return quiet > 0 ? waiting("ChangeSettling", "the commit to arrive whole", quiet) : fire(trigger, observed, run);
  }

  /** Deletes finished Runs beyond what `history` keeps, oldest first. Only Runs this trigger has made. */
  async function keepHistory(trigger: Stored<Trigger>): Promise<void> {
    const { history } = trigger.spec;
    if (!history) return;
    const finished = runsOf(trigger).filter((run) => !isUnfinished(run) && run.metadata.deletionTimestamp === undefined);
    const newestFirst = finished.sort((a, b) => ((a.status?.endTime ?? "" < (b.status?.endTime ?? "")) ? 1 : -1));
    const succeeded = newestFirst.filter((run) => run.status?.phase === "Succeeded");
    const failed = newestFirst.filter((run) => run.status?.phase !== "Succeeded");
    const surplus = [...succeeded.slice(history.succeeded ?? succeeded.length), ...failed.slice(history.failed ?? failed.length)];
    for (const { metadata } of surplus) await client.delete(RunKind, metadata, { uid: metadata.uid, propagation: "Background" });
  }

  return {
    kind: TriggerKind,
    async reconcile(trigger, run) {
      const missing = notImplemented("Trigger", trigger.spec as unknown as JsonObject).map(({ path }) => path.join("."));
      if (missing.length > 0) run.mark("NotImplemented", "NotImplemented", `nothing acts upon ${missing.join(", ")} yet`);
      const mine = runsOf(trigger);
      trigger.status = { ...trigger.status, active: mine.filter(isUnfinished).length };
      await keepHistory(trigger);
      const active = trigger.spec.active;
      run.mark("Active", active ? "Active" : "Paused", "", active ? "True" : "False");
      const outcome = active ? await onCommit(trigger, run) : undefined;
      // A wait with an appointment comes first: a failure is only looked at again on change.
      if (missing.length > 0 && outcome?.kind !== "waiting")
        throw new TerminalFailure(
          "NotImplemented",
          `nothing acts upon ${missing.join(", ")} yet: remove ${missing.length === 1 ? "it" : "them"}, or run it by hand`,
        );
      return outcome ?? settled();
    },
  };
}
