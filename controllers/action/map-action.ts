import { inParallel, type Outcome, settled, TerminalFailure } from "../../base/index.ts";
import { ignoreNotFound, type Informer, Kinds, type ReconcileRun, type Stored } from "../../kube/index.ts";
import type { AttemptError } from "../../plugins/index.ts";
import { discard, isHeld, podsOf, reportOf, retire, stopGrace, stopPod } from "./action-pods.ts";
import { addNotes, enter, finish, statusOf } from "./action-status.ts";
import { actionDeadlines } from "./deadlines.ts";
import type { ActionDeps } from "./deps.ts";
import { gatherOutputs } from "./gather-outputs.ts";
import { attemptDeadline, committedAttempt, type Judged, judgePod, stepAfter } from "./judge-pod.ts";
import { attemptName, type AttemptOf, inputsOnce, type Launch, launch, type Work } from "./launch.ts";
import { stopAction } from "./stop-action.ts";
import { hasFailed, isItemOver, type Item, type ItemFailure, mapError, mapVerdict, readItems, writeItems } from "./map-items.ts";

/** Pods made in one pass; the status is written between passes, so that progress shows while thousands start. */
const LAUNCHES_PER_PASS = 64;
/** API calls in flight at once. */
const PARALLEL = 16;
const DEFAULT_KEEP_ITEM_PODS = 256;

/** When items may run again. Not stored: after a restart they run again at once, which is harmless. */
export type ItemBackoffs = Map<string, number>;

interface MapPass {
  readonly deps: ActionDeps;
  readonly pods: Informer;
  readonly work: Work;
  readonly run: ReconcileRun;
  readonly items: readonly Item[];
  readonly failures: ItemFailure[];
  readonly backoffs: ItemBackoffs;
  /** Moments (as delays) at which to look again. */
  readonly wakes: number[];
}

const whichOf = (item: Item, index: number): AttemptOf => ({ attempt: item.attempt, item: index, oomKills: item.failures.oom });
const backoffKey = (work: Work, index: number): string => `${work.action.metadata.uid}/${index}`;

function fail(pass: MapPass, index: number, item: Item, { step, failure }: Pick<Extract<Judged, { kind: "failed" }>, "step" | "failure">): void {
  item.failures = step.failures;
  if (step.kind === "retry") {
    item.phase = "w";
    item.attempt += 1;
    pass.backoffs.set(backoffKey(pass.work, index), pass.run.now + step.delayMs);
    return;
  }
  item.phase = step.phase === "TimedOut" ? "t" : "f";
  pass.failures.push({ index, code: failure.error.code, message: step.error.message });
}

async function conclude(pass: MapPass, index: number, item: Item, pod: Stored, report: Parameters<typeof judgePod>[3]): Promise<void> {
  const judged = await judgePod(pass.deps, pass.work, pod, report, whichOf(item, index), item.failures, pass.run);
  if (judged.kind === "failed") return fail(pass, index, item, judged);
  item.phase = judged.kind === "succeeded" ? "s" : "k";
  if (judged.kind === "succeeded") {
    item.attempt = judged.winner;
    addNotes(statusOf(pass.work.action), judged.notes.slice(0, 1));
  }
}

/** A recorded pod that the cache does not hold. */
async function vanished(pass: MapPass, index: number, item: Item): Promise<void> {
  const { deps, work } = pass;
  const name = attemptName(work.action, whichOf(item, index));
  const live = await deps.informers.client.get(Kinds.Pod, { namespace: work.action.metadata.namespace, name }).catch(ignoreNotFound);
  if (live) return void pass.wakes.push(50);
  const winner = await committedAttempt(deps, work, index);
  if (winner !== undefined) {
    item.phase = "s";
    item.attempt = winner;
    return;
  }
  failWith(pass, index, item, { code: "PodVanished", kind: "SYSTEM", message: `pod ${name} was removed by force before its result was recorded` }, "system");
}

function failWith(pass: MapPass, index: number, item: Item, error: AttemptError, budget: "system" | "none"): void {
  const failure = { kind: "failed", error, budget, oom: false } as const;
  fail(pass, index, item, { failure, step: stepAfter(pass.work, failure, whichOf(item, index), item.failures) });
}

async function follow(pass: MapPass, index: number, item: Item, pod: Stored): Promise<void> {
  const { deps, work, run } = pass;
  const report = reportOf(deps, work.plugin, pod, run.now);
  if (report.startedAt !== undefined) statusOf(work.action).startTime ??= report.startedAt;
  if (report.kind !== "ongoing") return conclude(pass, index, item, pod, report);
  item.phase = report.phase === "Running" ? "r" : "q";
  if (report.recheckAfter !== undefined) pass.wakes.push(report.recheckAfter);
  const limit = attemptDeadline(work, pod);
  if (limit === undefined) return;
  if (limit > run.now) pass.wakes.push(limit - run.now);
  else await stopPod(deps.informers.client, pod, stopGrace(deps));
}

/** Looks at every item whose pod is recorded. */
async function followAll(pass: MapPass): Promise<void> {
  const byName = new Map(podsOf(pass.pods, pass.work.action).map((pod) => [pod.metadata.name, pod]));
  const recorded = pass.items.flatMap((item, index) => (item.phase === "q" || item.phase === "r" ? [{ item, index }] : []));
  await inParallel(recorded, PARALLEL, async ({ item, index }) => {
    const pod = byName.get(attemptName(pass.work.action, whichOf(item, index)));
    await (pod ? follow(pass, index, item, pod) : vanished(pass, index, item));
  });
}

/** Lets go of the pods whose items were recorded by an earlier pass. */
async function retireRecorded(pass: MapPass): Promise<void> {
  const { deps, work, items, run } = pass;
  const keep = items.length <= (deps.config.keepItemPods ?? DEFAULT_KEEP_ITEM_PODS);
  const needed = new Set(items.flatMap((item, index) => (isItemOver(item) ? [] : [attemptName(work.action, whichOf(item, index))])));
  const done = podsOf(pass.pods, work.action).filter((pod) => !needed.has(pod.metadata.name) && isHeld(pod));
  await inParallel(done, PARALLEL, (pod) => (keep ? retire(deps, work.plugin, pod, run.now) : discard(deps.informers.client, pod)));
}

/** Items that may start now, in order, as many as the concurrency leaves room for. */
function startable(pass: MapPass): { readonly item: Item; readonly index: number }[] {
  const { items, work, run, backoffs } = pass;
  const busy = items.filter(({ phase }) => phase === "q" || phase === "r").length;
  const room = (work.action.spec.map?.concurrency ?? items.length) - busy;
  const ready: { item: Item; index: number }[] = [];
  for (const [index, item] of items.entries()) {
    if (ready.length >= room) break;
    if (item.phase !== "." && item.phase !== "w") continue;
    const due = item.phase === "w" ? (backoffs.get(backoffKey(work, index)) ?? 0) : 0;
    if (due > run.now) pass.wakes.push(due - run.now);
    else ready.push({ item, index });
  }
  return ready;
}

async function startItems(pass: MapPass): Promise<Extract<Launch, { kind: "refused" }> | undefined> {
  const ready = startable(pass);
  if (ready.length > LAUNCHES_PER_PASS) pass.wakes.push(1);
  let refused: Extract<Launch, { kind: "refused" }> | undefined;
  const inputs = inputsOnce(pass.deps, pass.work);
  await inParallel(ready.slice(0, LAUNCHES_PER_PASS), PARALLEL, async ({ item, index }) => {
    if (refused) return;
    try {
      const launched = await launch(pass.deps, pass.work, whichOf(item, index), inputs);
      if (launched.kind === "launched") item.phase = "q";
      else refused = launched;
    } catch (thrown) {
      if (!(thrown instanceof TerminalFailure)) throw thrown;
      failWith(pass, index, item, { code: thrown.reason, kind: "USER", message: thrown.message }, "none");
    }
  });
  if (refused) pass.wakes.push(refused.recheckAfter);
  return refused;
}

async function end(pass: MapPass, verdict: "succeeded" | "failed"): Promise<Outcome> {
  const { deps, work, run, items, failures } = pass;
  const { action } = work;
  const status = statusOf(action);
  if (verdict === "succeeded") {
    status.outputs = { uri: await gatherOutputs(deps, work, items) };
    finish(action, "Succeeded", run.now);
    return settled();
  }
  const timedOut = items.filter(hasFailed).every(({ phase }) => phase === "t") && items.some(hasFailed);
  const error = mapError(action.spec.node, items, failures);
  finish(action, timedOut ? "TimedOut" : "Failed", run.now, error);
  run.event({ type: "Warning", reason: error.code, message: error.message });
  return settled();
}

function show(pass: MapPass, refused: Extract<Launch, { kind: "refused" }> | undefined): void {
  const { work, run, items, failures } = pass;
  const status = statusOf(work.action);
  writeItems(status, items, failures);
  status.attempts ??= 1;
  status.progress = `${items.filter(isItemOver).length}/${items.length}`;
  const started = items.some(({ phase }) => phase !== "." && phase !== "q");
  const idle = items.every(({ phase }) => phase !== "q" && phase !== "r");
  if (refused && idle) enter(work.action, "WaitingForResources", run.now, refused.message);
  else enter(work.action, started ? "Running" : "Queued", run.now);
}

/** One pass over an action that runs its task once per item. */
export async function reconcileMap(deps: ActionDeps, pods: Informer, work: Work, run: ReconcileRun, backoffs: ItemBackoffs): Promise<Outcome> {
  const status = statusOf(work.action);
  const items = readItems(status, work.action.spec.map?.count ?? 0);
  const pass: MapPass = { deps, pods, work, run, items, failures: [...(status.items?.failures ?? [])], backoffs, wakes: [] };
  await retireRecorded(pass);
  await followAll(pass);
  const ratio = work.action.spec.map?.minSuccessRatio ?? 1;
  const decided = () => mapVerdict(items, ratio);
  const [ends] = actionDeadlines(work.action, work.policy);
  if (decided() === undefined && ends && ends.at <= run.now) {
    show(pass, undefined);
    return stopAction(deps, pods, work, run, "TimedOut", ends.error);
  }
  const refused = decided() === undefined ? await startItems(pass) : undefined;
  show(pass, refused);
  const verdict = decided();
  if (verdict !== undefined) return end(pass, verdict);
  if (ends) pass.wakes.push(ends.at - run.now);
  return settled(pass.wakes.length === 0 ? undefined : Math.max(1, Math.min(...pass.wakes)));
}
