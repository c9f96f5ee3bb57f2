import { type Clock, type Json, jsonEqual, type Logger, type Outcome } from "../base/index.ts";
import { isConflict, type ObjectClient } from "./client.ts";
import { conclude, type Ending, type Mark, type Verdict, withCondition } from "./conditions.ts";
import type { EventNote, EventRecorder } from "./events.ts";
import { mergePatch } from "./merge-patch.ts";
import type { Condition, KindRef, KubeObject, Stored } from "./object.ts";

/** What a pass over one object may use besides its own ports. */
export interface ReconcileRun {
  /** One instant for the whole pass, milliseconds since the epoch. */
  readonly now: number;
  /** Aborted when the program ends or the pass takes longer than its deadline. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Sets a condition of the object; written with the status. Status defaults to True. */
  mark(type: string, reason: string, message?: string, status?: Condition["status"]): void;
  /** An Event to record after the status is written. */
  event(note: EventNote): void;
  /** Writes the status as it is now, for passes that take long. */
  progress(): Promise<void>;
  /** Does a part of the pass that is worth a line of its own in a trace. */
  phase<R>(name: string, work: () => Promise<R>): Promise<R>;
}

/** A part of a pass, over. */
export interface PassPhase {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
}

/** Drives objects of one kind toward what their spec says. Level-based: called with the newest object, never with an event. */
export interface Reconciler<T extends KubeObject> {
  readonly kind: KindRef;
  /** The object is this pass's own copy: its status may be changed freely and is written once, at the end, if it differs. */
  reconcile(object: Stored<T>, run: ReconcileRun): Promise<Outcome>;
  /** With `finalize`: put on objects before their first reconcile, removed when `finalize` settles. */
  readonly finalizer?: string;
  /** Called while the object is being deleted and carries the finalizer. Waiting is answered as in reconcile. */
  finalize?(object: Stored<T>, run: ReconcileRun): Promise<Outcome>;
  /** Reconcile objects that are being deleted too. Only for what tidies up after others; who makes things must not. */
  readonly whileDeleting?: boolean;
  /** Objects to leave alone for now. Deletion is never suspended. */
  suspended?(object: Stored<T>): boolean;
  /** Whether Ready, Reconciling, Stalled and observedGeneration are computed from the outcome (default), or the kind has words of its own. */
  readonly summary?: boolean;
}

export interface PassDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  /** Aborted when the program ends; the pass's own signal aborts at its deadline too. */
  readonly stopping: AbortSignal;
}

interface StatusHolder {
  conditions?: Condition[];
  observedGeneration?: number;
  [field: string]: unknown;
}

/** A field access that makes the status when it is absent. */
function statusOf(object: KubeObject): StatusHolder {
  return (object["status"] ??= {}) as StatusHolder;
}

/** Sets the summary conditions of a verdict; returns the Ready condition when its status or reason changed. */
function summarise(object: KubeObject, summary: NonNullable<Verdict["summary"]>, now: number): Condition | undefined {
  const status = statusOf(object);
  const { generation } = object.metadata;
  const before = status.conditions?.find(({ type }) => type === "Ready");
  for (const mark of summary.set) status.conditions = withCondition(status.conditions, mark, now, generation);
  status.conditions = (status.conditions ?? []).filter(({ type }) => !summary.clear.includes(type));
  if (generation !== undefined) status.observedGeneration = generation;
  const after = status.conditions.find(({ type }) => type === "Ready");
  return after && (before?.status !== after.status || before.reason !== after.reason) ? after : undefined;
}

/** Writes what changed of a status since it was last written, guarded by the version it was computed from. */
function statusWriter<T extends KubeObject>(client: ObjectClient, kind: KindRef, object: Stored<T>): () => Promise<void> {
  let written = structuredClone(object["status"]);
  async function patch(change: unknown): Promise<void> {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const body = { metadata: { uid, resourceVersion }, status: change };
    const stored = await client.patch<T>(kind, { namespace, name }, { type: "merge", body }, { subresource: "status" });
    object.metadata.resourceVersion = stored.metadata.resourceVersion;
    written = structuredClone(object["status"]);
  }
  /**
   * Takes the metadata as they are now, where nothing but a label or an annotation changed meanwhile: what the pass did and found is as true as
   * before, and would not be said otherwise. Answers whether that is so.
   */
  async function rebase(): Promise<boolean> {
    const { name, namespace, uid, generation, deletionTimestamp } = object.metadata;
    // A list, because whoever watches a kind may do that. Where it fails the conflict stands, and the pass begins again.
    const found = await client.list<T>(kind, { namespace, fieldSelector: `metadata.name=${name}` }).catch(() => undefined);
    const [now] = found?.items ?? [];
    if (!now) return false;
    const { metadata, status } = now;
    const same = metadata.uid === uid && metadata.generation === generation && metadata.deletionTimestamp === deletionTimestamp;
    if (!same || generation === undefined || !jsonEqual((status ?? {}) as Json, (written ?? {}) as Json)) return false;
    object.metadata = structuredClone(metadata);
    return true;
  }
  return async () => {
    const change = mergePatch(written ?? {}, object["status"] ?? {});
    if (change === undefined) return;
    await patch(change).catch(async (thrown: unknown) => {
      if (!isConflict(thrown) || !(await rebase())) throw thrown;
      await patch(change);
    });
  };
}

/** The object with these finalizers, guarded by its version. */
export function writeFinalizers<T extends KubeObject>(
  client: ObjectClient,
  kind: KindRef,
  object: Stored<T>,
  finalizers: readonly string[],
): Promise<Stored<T>> {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return client.patch<T>(kind, { namespace, name }, { type: "merge", body: { metadata: { uid, resourceVersion, finalizers } } });
}

async function endingOf(step: () => Promise<Outcome>): Promise<Ending> {
  try {
    return { outcome: await step() };
  } catch (thrown) {
    return { thrown };
  }
}

function transitionNote({ status, reason, message }: Condition): EventNote | undefined {
  if (status === "Unknown") return undefined;
  return { type: status === "True" ? "Normal" : "Warning", reason, message: message || "Ready" };
}

/** Keeps when each phase began and ended. */
function timed(clock: Clock, phases: PassPhase[]): ReconcileRun["phase"] {
  return async (name, work) => {
    const startMs = clock.now();
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      phases.push({ name, startMs, endMs: clock.now(), failed });
    }
  };
}

/**
 * One pass over an object that is there: reconcile or finalize, conclude, one status write, then the events, then our
 * finalizer when a deletion has settled. Throws only what those writes throw.
 */
export async function reconcilePass<T extends KubeObject>(
  deps: PassDeps,
  reconciler: Reconciler<T>,
  object: Stored<T>,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly ending: Ending; readonly phases: readonly PassPhase[] }> {
  const now = deps.clock.now();
  const { generation, deletionTimestamp, namespace, name } = object.metadata;
  const writeStatus = statusWriter(deps.client, reconciler.kind, object);
  const notes: EventNote[] = [];
  const phases: PassPhase[] = [];
  const set = (mark: Mark) => void (statusOf(object).conditions = withCondition(statusOf(object).conditions, mark, now, generation));
  const run: ReconcileRun = {
    now,
    signal,
    logger: deps.logger.with({ namespace, name, generation }),
    mark: (type, reason, message = "", status = "True") => set({ type, status, reason, message }),
    event: (note) => void notes.push(note),
    progress: writeStatus,
    phase: timed(deps.clock, phases),
  };
  const finalizing = deletionTimestamp !== undefined && reconciler.finalize !== undefined;
  const ending = await endingOf(() => (finalizing && reconciler.finalize ? reconciler.finalize(object, run) : reconciler.reconcile(object, run)));
  const verdict = conclude(ending);
  const transition = verdict.summary && reconciler.summary !== false ? summarise(object, verdict.summary, now) : undefined;
  // A pass that failed because the program ends knows nothing about the object: the next start begins it again.
  if ("thrown" in ending && deps.stopping.aborted) return { verdict, ending, phases };
  if (verdict.result !== "conflict") await writeStatus();
  const note = transition && transitionNote(transition);
  for (const each of note ? [...notes, note] : notes) await deps.events.record(object, each);
  if (finalizing && verdict.result === "settled") {
    const others = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== reconciler.finalizer);
    await writeFinalizers(deps.client, reconciler.kind, object, others);
  }
  return { verdict, ending, phases };
}
