import { type Outcome, settled, TerminalFailure, waiting } from "../../base/index.ts";
import { ignoreNotFound, type Informer, Kinds, type ReconcileRun, type Stored } from "../../kube/index.ts";
import type { AttemptError, Budget, PhaseReport } from "../../plugins/index.ts";
import { outputsKey, progressKey, slotOf } from "./action-data.ts";
import { podsOf, reportOf, retire, stopGrace, stopPod } from "./action-pods.ts";
import { addNotes, enter, finish, instant, setError, statusOf } from "./action-status.ts";
import { actionDeadlines } from "./deadlines.ts";
import type { ActionDeps } from "./deps.ts";
import { attemptDeadline, committedAttempt, type Judged, judgePod, type Over, stepAfter } from "./judge-pod.ts";
import { attemptName, type AttemptOf, launch, type Work } from "./launch.ts";
import type { Failures } from "./next-step.ts";
import { stopAction } from "./stop-action.ts";
import { oomKillsOf, rememberOomKills } from "./oom-count.ts";
import { readProgress } from "./progress.ts";

const DEFAULT_PROGRESS_MS = 5_000;

interface Pass {
  readonly deps: ActionDeps;
  readonly pods: Informer;
  readonly work: Work;
  readonly run: ReconcileRun;
  readonly which: AttemptOf;
}

function failuresOf(work: Work): Failures {
  const { userFailures, systemFailures, preemptions } = statusOf(work.action);
  return { user: userFailures ?? 0, system: systemFailures ?? 0, preemption: preemptions ?? 0, oom: oomKillsOf(statusOf(work.action)) };
}

function writeFailures(work: Work, failures: Failures): void {
  const status = statusOf(work.action);
  status.userFailures = failures.user;
  status.systemFailures = failures.system;
  status.preemptions = failures.preemption;
  rememberOomKills(status, failures.oom);
}

/** The least of some times, undefined when there is none. */
function soonest(...times: (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.max(1, Math.min(...given));
}

function succeed({ deps, work, run }: Pass, winner: number, notes: readonly string[]): Outcome {
  const { action } = work;
  const status = statusOf(action);
  status.outputs = { uri: deps.blobs.uri(outputsKey(slotOf(action, deps.blobs), winner)) };
  status.exitCode = 0;
  addNotes(status, notes);
  finish(action, "Succeeded", run.now);
  return settled();
}

/** Records a failed attempt: run again later, or the end. */
function fail(pass: Pass, judged: Extract<Judged, { kind: "failed" }>): Outcome {
  const { work, run, which } = pass;
  const { step, failure } = judged;
  const status = statusOf(work.action);
  writeFailures(work, step.failures);
  if (failure.exitCode !== undefined) status.exitCode = failure.exitCode;
  if (step.kind === "give up") {
    finish(work.action, step.phase, run.now, step.error);
    run.event({ type: "Warning", reason: step.error.code, message: `${work.action.spec.node}: ${step.error.message}` });
    return settled();
  }
  setError(status, failure.error);
  status.attempts = which.attempt + 2;
  status.nextAttemptAt = instant(run.now + step.delayMs);
  enter(work.action, "Queued", run.now, `attempt ${which.attempt + 1} failed: ${failure.error.message.split("\n")[0] ?? ""}`, true);
  run.event({ type: "Normal", reason: "Retrying", message: `${work.action.spec.node}: attempt ${which.attempt + 1} failed (${failure.error.code})` });
  return settled(Math.max(1, step.delayMs));
}

async function conclude(pass: Pass, pod: Stored, report: Over): Promise<Outcome> {
  const { deps, work, run, which } = pass;
  if (report.startedAt !== undefined) statusOf(work.action).startTime ??= report.startedAt;
  const judged = await judgePod(deps, work, pod, report, which, failuresOf(work), run);
  if (judged.kind === "succeeded") return succeed(pass, judged.winner, judged.notes);
  if (judged.kind === "failed") return fail(pass, judged);
  if (judged.exitCode !== undefined) statusOf(work.action).exitCode = judged.exitCode;
  addNotes(statusOf(work.action), [judged.message]);
  finish(work.action, "Skipped", run.now);
  return settled();
}

/** A pod that we recorded and that is nowhere: with its finalizer on, somebody took it away by force. */
async function vanished(pass: Pass, name: string): Promise<Outcome> {
  const { deps, work, which } = pass;
  const namespace = work.action.metadata.namespace;
  const live = await deps.informers.client.get(Kinds.Pod, { namespace, name }).catch(ignoreNotFound);
  if (live) return waiting("CacheBehind", `pod ${name}`, 50);
  const winner = await committedAttempt(deps, work);
  if (winner !== undefined) return succeed(pass, winner, []);
  const error = { code: "PodVanished", kind: "SYSTEM", message: `pod ${name} was removed by force before its result was recorded` } as const;
  const pod = { metadata: { name, namespace } } as Stored;
  return fail(
    pass,
    (await judgePod(deps, work, pod, { kind: "failed", error, budget: "system", cleanup: false }, which, failuresOf(work), pass.run)) as Extract<
      Judged,
      { kind: "failed" }
    >,
  );
}

/** Starts the attempt, unless its backoff is not over. */
async function start(pass: Pass): Promise<Outcome> {
  const { deps, work, run, which } = pass;
  const status = statusOf(work.action);
  const dueIn = Date.parse(status.nextAttemptAt ?? "") - run.now;
  const ends = actionDeadlines(work.action, work.policy)[0];
  if (dueIn > 0) return waiting("Backoff", `attempt ${which.attempt + 1}`, soonest(dueIn, ends && ends.at - run.now));
  const launched = await launch(deps, work, which);
  if (launched.kind === "refused") {
    if (launched.reason !== "NamespaceTerminating") enter(work.action, "WaitingForResources", run.now, launched.message);
    return waiting(launched.reason, launched.message, soonest(launched.recheckAfter, ends && ends.at - run.now));
  }
  status.pod = launched.pod;
  status.attempts = which.attempt + 1;
  delete status.nextAttemptAt;
  enter(work.action, "Queued", run.now, "waiting for a node");
  return settled(soonest(ends && ends.at - run.now));
}

async function follow(pass: Pass, pod: Stored, report: Extract<PhaseReport, { kind: "ongoing" }>): Promise<Outcome> {
  const { deps, work, run, which } = pass;
  const status = statusOf(work.action);
  if (report.startedAt !== undefined) status.startTime ??= report.startedAt;
  const limit = attemptDeadline(work, pod);
  if (limit !== undefined && limit <= run.now) await stopPod(deps.informers.client, pod, stopGrace(deps));
  enter(work.action, report.phase, run.now, report.message);
  const interval = deps.config.progressIntervalMs ?? DEFAULT_PROGRESS_MS;
  if (report.phase === "Running" && interval > 0) await readProgress(deps, status, progressKey(slotOf(work.action, deps.blobs), which.attempt));
  const ends = actionDeadlines(work.action, work.policy)[0];
  const left = limit !== undefined && limit > run.now ? limit - run.now : undefined;
  return settled(soonest(report.recheckAfter, left, ends && ends.at - run.now, report.phase === "Running" && interval > 0 ? interval : undefined));
}

/** One pass over an action that runs one attempt at a time. */
export async function reconcileSingle(deps: ActionDeps, pods: Informer, work: Work, run: ReconcileRun): Promise<Outcome> {
  const status = statusOf(work.action);
  const which: AttemptOf = { attempt: (status.attempts ?? 1) - 1, oomKills: oomKillsOf(status) };
  const pass: Pass = { deps, pods, work, run, which };
  const name = attemptName(work.action, which);
  for (const old of podsOf(pods, work.action)) if (old.metadata.name !== name) await retire(deps, work.plugin, old, run.now);
  const recorded = status.pod === name;
  const pod = recorded ? podsOf(pods, work.action).find((each) => each.metadata.name === name) : undefined;
  const report = pod && reportOf(deps, work.plugin, pod, run.now);
  if (pod && report && report.kind !== "ongoing") return conclude(pass, pod, report);
  const [ends] = actionDeadlines(work.action, work.policy);
  if (ends && ends.at <= run.now) return stopAction(deps, pods, work, run, "TimedOut", ends.error);
  if (pod && report?.kind === "ongoing") return follow(pass, pod, report);
  if (recorded) return vanished(pass, name);
  try {
    return await start(pass);
  } catch (thrown) {
    if (!(thrown instanceof TerminalFailure)) throw thrown;
    return fail(pass, failedFor(pass, { code: thrown.reason, kind: "USER", message: thrown.message }, "none"));
  }
}

/** A failure that no pod reported. */
function failedFor({ work, which }: Pass, error: AttemptError, budget: Budget): Extract<Judged, { kind: "failed" }> {
  const failure = { kind: "failed", error, budget, oom: false } as const;
  return { kind: "failed", failure, step: stepAfter(work, failure, which, failuresOf(work)) };
}
