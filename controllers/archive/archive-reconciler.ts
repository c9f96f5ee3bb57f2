import { ANNOTATION, FINALIZER, LABEL, messageOf, type Outcome, placeOf, rfc3339, settled, waiting } from "../../base/index.ts";
import { isFinished, type Run, RunKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { ignoreNotFound, type InformerSet, type KubeObject, type Reconciler, type ReconcileRun, type Stored } from "../../kube/index.ts";
import type { ArchivedAction, ArchivedRun, RunArchive } from "../../records/index.ts";

export interface ArchiveDeps {
  readonly informers: InformerSet;
  readonly archive: RunArchive;
}

/** How long a Run that somebody deletes is kept from going while the archive does not take it. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 2_000;

export const isHeld = ({ metadata }: KubeObject): boolean => (metadata.finalizers ?? []).includes(FINALIZER.archive);

/** As people read it later: without what only says how it was written and that we still held it. */
function forTheRecord(object: Stored): KubeObject {
  const { managedFields: _, finalizers, ...metadata } = object.metadata;
  const others = (finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER.archive);
  return { ...object, metadata: { ...metadata, ...(others.length === 0 ? {} : { finalizers: others }) } };
}

function recordOf(run: Stored<Run>, now: number, actions: readonly ArchivedAction[]): ArchivedRun {
  const { uid, namespace = "", name, annotations } = run.metadata;
  const { workflow, task, trigger } = run.spec;
  return {
    uid,
    namespace,
    name,
    ...placeOf(namespace),
    phase: run.status?.phase ?? "",
    target: workflow ?? task ?? trigger ?? "",
    manifest: annotations?.[ANNOTATION.manifest],
    startedAt: run.status?.startTime,
    endedAt: run.status?.endTime ?? rfc3339(now),
    run: forTheRecord(run as Stored),
    actions,
  };
}

export interface ArchiveReconciler extends Reconciler<Run> {
  /** An action went before the record of its run was written. */
  lost(action: Stored<TaskAction>): void;
  /** The run itself is gone. */
  forget(runUid: string): void;
}

/**
 * Lets a Run go once the archive has it. Nothing asks for haste unless somebody deletes it: then it goes after a minute in any case,
 * and the log says what was lost.
 *
 *     run controller:  finalizer on ─ … ─ phase Succeeded, Failed, Aborted, TimedOut (a deleted one: when its actions have stopped)
 *     this one:                                                                       └─ record written ─ finalizer off
 *
 * A crash in between writes the record again, which changes nothing.
 */
export function archiveReconciler({ informers, archive }: ArchiveDeps): ArchiveReconciler {
  const { client } = informers;
  /** Actions that were deleted before their run was in the archive, as in a namespace that goes, by run uid and name. */
  const gone = new Map<string, Map<string, Stored<TaskAction>>>();
  /** When the archive first refused a run. */
  const refusedSince = new Map<string, number>();

  /** From the API, not from a cache: the last action of a run may be a moment behind in a cache of another kind. */
  async function actionsOf({ metadata: { namespace, uid } }: Stored<Run>): Promise<ArchivedAction[]> {
    const { items } = await client.list<TaskAction>(TaskActionKind, { namespace, labelSelector: `${LABEL.runUid}=${uid}` });
    const byName = new Map([...(gone.get(uid) ?? []), ...items.map((action) => [action.metadata.name, action] as const)]);
    return [...byName].map(([name, action]) => ({ name, action: forTheRecord(action as Stored) }));
  }

  async function letGo(run: Stored<Run>): Promise<Outcome> {
    const { namespace, name, uid, resourceVersion, finalizers = [] } = run.metadata;
    const body = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER.archive) } };
    await client.patch(RunKind, { namespace, name }, { type: "merge", body }).catch(ignoreNotFound);
    forget(uid);
    return settled();
  }

  function forget(runUid: string): void {
    gone.delete(runUid);
    refusedSince.delete(runUid);
  }

  /** How much longer a deleted run may wait for the archive, milliseconds; it has had a minute of ours as well as of the wall. */
  function patience({ metadata, status }: Stored<Run>, now: number): number {
    const since = refusedSince.get(metadata.uid) ?? now;
    refusedSince.set(metadata.uid, since);
    return PATIENCE_MS - (now - Math.max(since, Date.parse(metadata.deletionTimestamp ?? ""), Date.parse(status?.endTime ?? "") || 0));
  }

  async function refused(run: Stored<Run>, thrown: unknown, pass: ReconcileRun): Promise<Outcome> {
    if (run.metadata.deletionTimestamp === undefined) throw thrown;
    const left = patience(run, pass.now);
    if (left > 0) return waiting("ArchiveUnavailable", "the archive to take the record", Math.min(RETRY_MS, left));
    const { uid, namespace, name } = run.metadata;
    pass.logger.error("the record of a deleted run is lost", { run: `${namespace}/${name}`, uid, phase: run.status?.phase, error: messageOf(thrown) });
    return letGo(run);
  }

  return {
    kind: RunKind,
    summary: false,
    whileDeleting: true,
    async reconcile(run, pass) {
      if (!isHeld(run as KubeObject) || !isFinished(run)) return settled();
      const record = recordOf(run, pass.now, await actionsOf(run));
      const failure = await archive.archiveRun(record).then(
        () => undefined,
        (thrown: unknown) => ({ thrown }),
      );
      return failure ? refused(run, failure.thrown, pass) : letGo(run);
    },
    forget,
    lost(action) {
      const { runUid } = action.spec;
      gone.set(runUid, (gone.get(runUid) ?? new Map<string, Stored<TaskAction>>()).set(action.metadata.name, action));
    },
  };
}
