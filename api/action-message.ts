import { LABEL } from "../base/index.ts";
import type { TaskAction } from "../crds/index.ts";
import type { Stored } from "../kube/index.ts";
import { create, fromBinary, type TaskTemplate, TaskTemplateSchema } from "../proto/index.ts";
import {
  type ActionAttempt,
  ActionAttemptSchema,
  type ActionDetails,
  ActionDetailsSchema,
  type ActionMessage,
  ActionSchema,
  ActionType,
  ErrorInfo_Kind,
  type PhaseTransition,
  PhaseTransitionSchema,
} from "../proto/services/index.ts";
import { actionId, durationMs, ROOT_ACTION, timestamp } from "./identity.ts";
import { isFinal, phaseOf } from "./phase.ts";

function metadata({ metadata: { labels }, spec }: Stored<TaskAction>) {
  const { project, domain, task = "", taskType = "", shortName, node, group = "", parentActionName, plan } = spec;
  const id = { org: "", project, domain, name: task, version: plan?.replace(/^sha256:/, "").slice(0, 12) ?? "" };
  return {
    parent: spec.actionName === ROOT_ACTION ? "" : (parentActionName ?? ROOT_ACTION),
    group,
    spec: { case: "task" as const, value: { id, taskType, shortName: shortName ?? node } },
    actionType: ActionType.TASK,
    triggerName: labels?.[LABEL.trigger] ?? "",
  };
}

function status({ metadata: { creationTimestamp }, status = {} }: Stored<TaskAction>) {
  const [startTime, endTime] = [timestamp(creationTimestamp), timestamp(status.endTime)];
  const took = durationMs(creationTimestamp, status.endTime);
  return {
    phase: phaseOf(status.phase),
    attempts: Math.max(1, status.attempts ?? 1),
    cacheStatus: status.cacheStatus ?? 0,
    ...(startTime ? { startTime } : {}),
    ...(endTime ? { endTime } : {}),
    ...(took === undefined ? {} : { durationMs: took }),
  };
}

export function actionMessage(action: Stored<TaskAction>): ActionMessage {
  const { namespace = "" } = action.metadata;
  const { runName, actionName } = action.spec;
  return create(ActionSchema, { id: actionId(namespace, runName, actionName), metadata: metadata(action), status: status(action) });
}

type History = NonNullable<NonNullable<TaskAction["status"]>["phaseHistory"]>;

/** The history, divided where an attempt begins: whoever is queued again after having been further starts anew. */
export function attemptsOfHistory(history: History): History[] {
  const attempts: History[] = [];
  let current: History = [];
  for (const entry of history) {
    const begins = entry.phase === "Queued" && current.some(({ phase }) => phase !== "Queued");
    if (begins) {
      attempts.push(current);
      current = [];
    }
    current = [...current, entry];
  }
  return current.length > 0 ? [...attempts, current] : attempts;
}

/** Each phase once, ended by the next; a final one ends itself. */
function transitions(history: History): PhaseTransition[] {
  const firsts = history.filter(({ phase }, index) => history.findIndex((other) => other.phase === phase) === index);
  return firsts.map(({ phase, occurredAt }, index) => {
    const ends = isFinal(phaseOf(phase)) ? occurredAt : firsts[index + 1]?.occurredAt;
    const [startTime, endTime] = [timestamp(occurredAt), timestamp(ends)];
    return create(PhaseTransitionSchema, { phase: phaseOf(phase), ...(startTime ? { startTime } : {}), ...(endTime ? { endTime } : {}) });
  });
}

function errorInfo({ status }: TaskAction) {
  const { errorState } = status ?? {};
  if (!errorState?.message && !errorState?.code) return undefined;
  const kind = errorState.kind === "USER" ? ErrorInfo_Kind.USER : errorState.kind === "SYSTEM" ? ErrorInfo_Kind.SYSTEM : ErrorInfo_Kind.UNSPECIFIED;
  return { message: [errorState.code, errorState.message].filter(Boolean).join(": "), kind };
}

/** Of the attempts before the last only their phases are known: an action keeps the error and the outputs of its last one. */
function attemptMessages(action: Stored<TaskAction>): ActionAttempt[] {
  const { status = {} } = action;
  const divided = attemptsOfHistory(status.phaseHistory ?? []);
  const last = Math.max(1, status.attempts ?? 1);
  return divided.map((history, index) => {
    const isLast = index === divided.length - 1;
    const entry = history.at(-1);
    const phase = isLast ? phaseOf(status.phase) : phaseOf(entry?.phase);
    const [startTime, endTime] = [timestamp(history[0]?.occurredAt), isLast ? timestamp(status.endTime) : timestamp(entry?.occurredAt)];
    const error = isLast ? errorInfo(action) : undefined;
    return create(ActionAttemptSchema, {
      phase,
      attempt: Math.max(1, last - (divided.length - 1 - index)),
      phaseTransitions: transitions(history),
      logsAvailable: isLast && status.pod !== undefined,
      cacheStatus: status.cacheStatus ?? 0,
      ...(startTime ? { startTime } : {}),
      ...(endTime ? { endTime } : {}),
      ...(error && isFinal(phase) ? { errorInfo: error } : {}),
      ...(isLast && status.outputs ? { outputs: { outputUri: status.outputs.uri } } : {}),
    });
  });
}

/** The template as it was compiled; undefined when it cannot be read. */
function template({ spec }: TaskAction): TaskTemplate | undefined {
  try {
    return spec.taskTemplate === undefined ? undefined : fromBinary(TaskTemplateSchema, Buffer.from(spec.taskTemplate, "base64"));
  } catch {
    return undefined;
  }
}

function result(action: Stored<TaskAction>) {
  const { spec, status } = action;
  if (status?.phase === "Aborted") return { result: { case: "abortInfo" as const, value: { reason: spec.abortReason ?? "" } } };
  const error = status?.phase === "Failed" || status?.phase === "TimedOut" ? errorInfo(action) : undefined;
  return error ? { result: { case: "errorInfo" as const, value: error } } : {};
}

export function actionDetails(action: Stored<TaskAction>): ActionDetails {
  const { id, metadata: about, status: now } = actionMessage(action);
  const taskTemplate = template(action);
  return create(ActionDetailsSchema, {
    ...(id ? { id } : {}),
    ...(about ? { metadata: about } : {}),
    ...(now ? { status: now } : {}),
    ...result(action),
    ...(taskTemplate ? { spec: { case: "task" as const, value: { taskTemplate, shortName: action.spec.shortName ?? action.spec.node } } } : {}),
    attempts: attemptMessages(action),
  });
}
