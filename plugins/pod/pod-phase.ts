import { STORE_DENIED_EXIT } from "../../base/index.ts";
import type { AttemptError, Budget, Manifest, PhaseContext, PhaseReport } from "../plugin.ts";
import { DOWNLOAD, MAIN, SIDECAR } from "./copilot-containers.ts";
import { type ContainerStatus, type PodStatus, podStatus, type Terminated } from "./pod-status.ts";

type Failed = Extract<PhaseReport, { kind: "failed" }>;

/** Status reasons of a pod that was taken away from its work. */
const LOST = new Set(["Evicted", "NodeShutdown", "Shutdown", "Terminated", "NodeLost", "NodeAffinity", "UnexpectedAdmissionError", "Preempting", "Preempted"]);
const KILLED = new Set([137, 143]);
/** A kubelet writes these when the program itself could not be started. */
const NOT_STARTED = new Set(["StartError", "ContainerCannotRun", "RunContainerError"]);

function failed(budget: Budget, kind: AttemptError["kind"], code: string, message: string, cleanup = false): Failed {
  return { kind: "failed", error: { code, kind, message }, budget, cleanup };
}

const messageFor = (name: string, said: { readonly reason?: string; readonly message?: string }): string =>
  [`container ${name}: ${said.reason ?? "unknown"}`, said.message].filter((part) => part).join(": ");

/** What a waiting reason means once its grace is over. */
interface WaitingRule {
  readonly graceMs: (grace: PhaseContext["config"]["grace"]) => number;
  readonly failure: (name: string, message: string) => Failed;
}

const after = (graceMs: WaitingRule["graceMs"], budget: Budget, kind: AttemptError["kind"], code: string): WaitingRule => ({
  graceMs,
  failure: (_name, message) => failed(budget, kind, code, message, true),
});

const WAITING: Readonly<Record<string, WaitingRule>> = {
  ImagePullBackOff: after((grace) => grace.imagePullMs, "system", "SYSTEM", "ImagePullBackOff"),
  ErrImageNeverPull: after(() => 0, "none", "USER", "ErrImageNeverPull"),
  InvalidImageName: after(() => 0, "none", "USER", "InvalidImageName"),
  CreateContainerConfigError: after((grace) => grace.containerConfigMs, "none", "USER", "CreateContainerConfigError"),
  CreateContainerError: after((grace) => grace.createContainerMs, "none", "USER", "CreateContainerError"),
  RunContainerError: after((grace) => grace.createContainerMs, "none", "USER", "RunContainerError"),
  ProgramNotFound: after(() => 0, "none", "USER", "ProgramNotFound"),
  CrashLoopBackOff: after(() => 0, "system", "SYSTEM", "CopilotFailed"),
};

const timeOf = (text: string | undefined): number | undefined => {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

/** Since when containers have been awaited: the kubelet says it in ContainersReady, else the pod's start. */
function waitingSince(status: PodStatus): number | undefined {
  const ready = status.conditions.find(({ type }) => type === "ContainersReady" || type === "Ready");
  return timeOf(ready?.lastTransitionTime) ?? timeOf(status.startTime) ?? timeOf(status.createdAt);
}

function waitingReport(status: PodStatus, { now, config }: PhaseContext): PhaseReport | undefined {
  for (const { name, state } of [...status.init, ...status.containers]) {
    const rule = WAITING[state.waiting?.reason ?? ""];
    if (!rule || !state.waiting) continue;
    const message = messageFor(name, state.waiting);
    const left = (waitingSince(status) ?? now) + rule.graceMs(config.grace) - now;
    return left > 0 ? { kind: "ongoing", phase: "Initializing", message, recheckAfter: left } : rule.failure(name, message);
  }
  return undefined;
}

function pending(status: PodStatus): PhaseReport {
  const scheduled = status.conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    const phase = scheduled.reason === "SchedulingGated" ? "Queued" : "WaitingForResources";
    return { kind: "ongoing", phase, message: [scheduled.reason, scheduled.message].filter((part) => part !== "").join(": ") };
  }
  if (!status.scheduled && scheduled?.status !== "True") return { kind: "ongoing", phase: "Queued", message: "waiting for a node" };
  const waiting = [...status.init, ...status.containers].find(({ state }) => state.waiting?.reason && state.waiting.reason !== "PodInitializing");
  return { kind: "ongoing", phase: "Initializing", message: waiting?.state.waiting ? messageFor(waiting.name, waiting.state.waiting) : "preparing inputs" };
}

function active(status: PodStatus, main: ContainerStatus | undefined): PhaseReport {
  if (main?.state.running) {
    const { startedAt } = main.state.running;
    return { kind: "ongoing", phase: "Running", message: status.deleting ? "stopping" : "", ...(startedAt === undefined ? {} : { startedAt }) };
  }
  const ended = main?.state.terminated;
  if (ended) return { kind: "ongoing", phase: "Running", message: "storing outputs", ...(ended.startedAt === undefined ? {} : { startedAt: ended.startedAt }) };
  return pending({ ...status, scheduled: true });
}

/** Taken away by the cluster: eviction, preemption, a node that went. */
function disruption(status: PodStatus): string | undefined {
  const disrupted = status.conditions.find(({ type, status: holds }) => type === "DisruptionTarget" && holds === "True");
  if (disrupted) return [disrupted.reason, disrupted.message].filter((part) => part !== "").join(": ");
  return LOST.has(status.reason) ? [status.reason, status.message].filter((part) => part !== "").join(": ") : undefined;
}

/** The program could not be started at all: a name that is not there, a file that is no program. */
function notStarted(main: Terminated | undefined): Failed | undefined {
  if (main?.reason === "ProgramNotFound") return failed("none", "USER", "ProgramNotFound", main.message ?? "the program was not found");
  if (!main || !NOT_STARTED.has(main.reason ?? "")) return undefined;
  return { ...failed("none", "USER", "ProgramNotFound", main.message ?? "the program could not be started"), exitCode: main.exitCode };
}

/** Where the keys come from that the object store does not take, and who may change that. */
function keysAdvice(exitCode: number, namespace: string, { storageSecret }: PhaseContext["config"]): string {
  if (exitCode !== STORE_DENIED_EXIT || storageSecret === undefined) return "";
  const secret = `Secret ${storageSecret} of namespace ${namespace}`;
  return `. Copilots have the keys of the ${secret}, if it is there, else the identity of the pod's ServiceAccount: kubectl create secret generic ${storageSecret} -n ${namespace} --from-literal=…, or let the installation copy its own (storage.copySecret: projects)`;
}

/** The copilot that ended badly; a download that failed takes the sidecar with it, so it is asked first. */
function copilotTrouble(status: PodStatus, namespace: string, config: PhaseContext["config"]): string | undefined {
  for (const copilot of [DOWNLOAD, SIDECAR]) {
    const ended = status.init.find(({ name }) => name === copilot)?.state.terminated;
    if (!ended || ended.exitCode === 0) continue;
    const said = ended.message ? `: ${ended.message.trimEnd()}` : "";
    return `${copilot} exited with ${ended.exitCode}${said}${keysAdvice(ended.exitCode, namespace, config)}`;
  }
  return undefined;
}

function withStart<R extends PhaseReport>(report: R, main: Terminated | undefined): R {
  return main?.startedAt === undefined ? report : { ...report, startedAt: main.startedAt };
}

/** Taken away, out of time, never started, or deleted: then what was stored does not matter. */
function endedByCluster(status: PodStatus, main: Terminated | undefined): Failed | undefined {
  const oom = main?.reason === "OOMKilled";
  const killed = main !== undefined && KILLED.has(main.exitCode) && !oom;
  const lost = disruption(status);
  if (lost !== undefined && (!main || killed)) return failed("preemption", "SYSTEM", "Preempted", lost);
  if (status.reason === "DeadlineExceeded") return failed("timeout", "USER", "Timeout", "the attempt ran longer than its timeout");
  const refused = notStarted(main);
  if (refused) return refused;
  return killed && status.deleting ? failed("system", "SYSTEM", "PodDeleted", "the pod was deleted while its program ran") : undefined;
}

/** Nothing ran, and no copilot says why. */
function endedBefore({ reason, message, deleting }: PodStatus): Failed {
  const what = deleting ? "the pod was deleted before its program ran" : "the pod failed before its program ran";
  return failed("system", "SYSTEM", reason || (deleting ? "PodDeleted" : "PodFailed"), message || what);
}

function ended(status: PodStatus, main: Terminated | undefined, namespace: string, config: PhaseContext["config"]): PhaseReport {
  const byCluster = endedByCluster(status, main);
  if (byCluster) return withStart(byCluster, main);
  const copilot = copilotTrouble(status, namespace, config);
  if (!main && copilot === undefined) return endedBefore(status);
  const exited: PhaseReport = {
    kind: "exited",
    exitCode: main?.exitCode ?? -1,
    oomKilled: main?.reason === "OOMKilled",
    ran: main !== undefined,
    message: main?.message ?? "",
    ...(copilot === undefined ? {} : { copilot }),
  };
  return withStart(exited, main);
}

/** A pod that is being deleted before any of its containers ran will never say more. */
function neverStarted(status: PodStatus): boolean {
  return status.deleting && status.phase === "Pending" && [...status.init, ...status.containers].every(({ state }) => !state.running && !state.terminated);
}

/** How long after its end was due a pod may still say that it runs; then its node is gone. */
const LOST_AFTER_MS = 60_000;

/** A pod that should have stopped by now, on a node that does not answer. */
function lostNode(status: PodStatus, now: number): PhaseReport | number | undefined {
  const due = timeOf(status.deletedBy);
  if (due === undefined) return undefined;
  const left = due + LOST_AFTER_MS - now;
  return left > 0 ? left : failed("preemption", "SYSTEM", "NodeLost", "the pod should have stopped and its node does not answer");
}

/** What a pod's status says about the attempt it runs. Pure; an unknown phase keeps it going. */
export function podPhase(pod: Manifest, context: PhaseContext): PhaseReport {
  const status = podStatus(pod);
  const main = status.containers.find(({ name }) => name === MAIN);
  if (status.phase === "Succeeded" || status.phase === "Failed" || neverStarted(status))
    return ended(status, main?.state.terminated, pod.metadata.namespace ?? "", context.config);
  const lost = lostNode(status, context.now);
  if (typeof lost === "object") return lost;
  const report = waitingReport(status, context) ?? (status.phase === "Running" ? active(status, main) : pending(status));
  return report.kind === "ongoing" && lost !== undefined ? { ...report, recheckAfter: Math.min(lost, report.recheckAfter ?? lost) } : report;
}
