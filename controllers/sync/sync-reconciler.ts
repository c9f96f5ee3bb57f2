import { ANNOTATION, Failure, FINALIZER, type Outcome as Ending, settled, waiting } from "../../base/index.ts";
import { type GitSync, GitSyncKind } from "../../crds/index.ts";
import { type CheckResult, objectKey, type Plan, type Problem, type Revision } from "../../gitops/index.ts";
import { ApiError, type Reconciler, type ReconcileRun, type Stored } from "../../kube/index.ts";
import { adoptRuns } from "./adopt.ts";
import { carryOut, type Outcome } from "./carry-out.ts";
import { dismantle } from "./dismantle.ts";
import { planned } from "./planned.ts";
import { admitted, checkedRevision, fetched, intervalOf, type Memory, newMemory, SourceFailure, type SyncDeps } from "./revision.ts";
import { impersonation } from "./standing.ts";
import { markConditions, markFailure, writeStatus } from "./sync-status.ts";

/** How soon a pass that waits for the cluster is repeated; the cluster's changes wake it earlier. */
const WAITING_RECHECK_MS = 5_000;
const FAILED_RECHECK_MS = 10_000;

/** Brings what a repository declares into the cluster, and keeps it there. */
export function syncReconciler(deps: SyncDeps): Reconciler<GitSync> {
  const memories = new Map<string, Memory>();
  return {
    kind: GitSyncKind,
    finalizer: FINALIZER.sync,
    // Its own words for Ready, Reconciling and Stalled: problems in the repository do not end the polling.
    summary: false,
    suspended: (sync) => sync.spec.suspend,
    async reconcile(sync, run) {
      const memory = memories.get(sync.metadata.uid) ?? newMemory();
      memories.set(sync.metadata.uid, memory);
      acknowledge(sync);
      try {
        return await synchronise(deps, memory, sync, run);
      } catch (thrown) {
        return failed(sync, run, thrown);
      }
    },
    async finalize(sync, run) {
      const ending = await dismantle(deps, sync, run);
      if (ending.kind === "settled") {
        memories.delete(sync.metadata.uid);
        await deps.follower.stop(sync.metadata.uid);
        deps.inventories.forget(sync.metadata.uid);
      }
      return ending;
    },
  };
}

function acknowledge(sync: Stored<GitSync>): void {
  const { generation, annotations } = sync.metadata;
  const requested = annotations?.[ANNOTATION.requestedAt];
  sync.status = {
    ...sync.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
  };
}

/** A failure is shown and, unless it is a bug or a conflict, tried again: what it complains about may be mended outside this object. */
function failed(sync: Stored<GitSync>, run: ReconcileRun, thrown: unknown): Ending {
  const failure = thrown instanceof SourceFailure ? thrown.failure : thrown;
  if (!(failure instanceof Failure) || (failure instanceof ApiError && failure.code === 409)) throw failure;
  const terminal = failure.retry === "terminal" && !(failure instanceof ApiError);
  markFailure(sync, run, { reason: failure.reason, message: failure.message, terminal, source: thrown instanceof SourceFailure });
  if (!terminal) throw failure;
  return settled(intervalOf(sync));
}

async function synchronise(deps: SyncDeps, memory: Memory, sync: Stored<GitSync>, run: ReconcileRun): Promise<Ending> {
  const standing = await admitted(deps, sync);
  const revision = await run.phase("fetch", () => fetched(deps, sync, standing, run));
  const { tree, checked } = await run.phase("check", () => checkedRevision(deps, memory, sync, standing, revision));
  const held = await adoptRuns(deps, sync, checked, revision.text, run);
  const inventory = await deps.inventories.load(sync);
  const plan = await run.phase("plan", () => planned(deps.view, checked, inventory, { sync, revision: revision.text, held }));
  const context = { sync, tree, impersonate: impersonation(sync, standing.account), signal: run.signal };
  const isQuiet = plan.applies.length + plan.endings.length + plan.removals.length === 0;
  const outcome: Outcome = isQuiet ? QUIET : await run.phase("apply", () => carryOut(deps, plan, context));
  return concluded(deps, sync, run, { revision, checked, plan, outcome });
}

const QUIET: Outcome = { changed: 0, pruned: 0, failed: 0, problems: [], retry: false, waiting: [] };

interface Pass {
  readonly revision: Revision;
  readonly checked: CheckResult;
  readonly plan: Plan;
  readonly outcome: Outcome;
}

async function concluded(deps: SyncDeps, sync: Stored<GitSync>, run: ReconcileRun, { revision, checked, plan, outcome }: Pass): Promise<Ending> {
  const waits = [...new Set([...plan.deferred.map(({ reason }) => reason), ...outcome.waiting])];
  const found = {
    revision: revision.text,
    total: checked.objects.length + checked.held.size,
    ignored: checked.ignored,
    problems: [...checked.problems, ...plan.problems, ...outcome.problems, ...goneRuns(plan, checked)],
    outcome,
    inventory: await deps.inventories.load(sync),
    parts: deps.inventories.parts(sync),
    waiting: waits,
  };
  writeStatus(sync, found, run);
  markConditions(sync, found, run);
  const interval = intervalOf(sync);
  if (waits.length > 0) return waiting("Progressing", waits[0] ?? "", Math.min(interval, WAITING_RECHECK_MS));
  return settled(outcome.retry ? Math.min(interval, FAILED_RECHECK_MS) : interval);
}

/** Said, because somebody may look for the Run; not a failure, because that is what "run once" means. */
function goneRuns(plan: Plan, checked: CheckResult): Problem[] {
  const gone = new Set(plan.gone);
  return checked.objects
    .filter((object) => gone.has(objectKey(object)))
    .map(({ kind, namespace, name, file, position }) => ({
      code: "RunGone",
      message: `Run ${name} has been run and is not in the cluster any more; it is not run again: remove it, or give it a new name`,
      severity: "warning",
      file,
      ...position,
      object: { kind, namespace, name },
    }));
}
