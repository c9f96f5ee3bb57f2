import { LABEL, placeOf } from "../base/index.ts";
import type { Run } from "../crds/index.ts";
import type { Stored } from "../kube/index.ts";
import { create } from "../proto/index.ts";
import {
  type ActionDetails,
  ActionDetailsSchema,
  ActionSchema,
  type ActionMessage,
  ActionType,
  ErrorInfo_Kind,
  type RunDetails,
  RunDetailsSchema,
  type RunMessage,
  RunSchema,
  RunSource,
} from "../proto/services/index.ts";
import { actionId, durationMs, ROOT_ACTION, timestamp } from "./identity.ts";
import { phaseOf } from "./phase.ts";

/** As many characters of the plan's digest as a version may have and a person compares. */
const VERSION_DIGITS = 12;

/** Name of what runs, also before the controller has written it down. */
export function targetOf({ spec, status }: Run): string {
  return status?.of ?? spec.workflow ?? spec.task ?? spec.trigger ?? "";
}

function metadata(run: Stored<Run>) {
  const { namespace = "" } = run.metadata;
  const { spec, status } = run;
  const version = status?.plan?.digest.replace(/^sha256:/, "").slice(0, VERSION_DIGITS) ?? "";
  const trigger = run.metadata.labels?.[LABEL.trigger] ?? "";
  const id = { org: "", ...placeOf(namespace), name: targetOf(run), version };
  return {
    spec: { case: "task" as const, value: { id, taskType: spec.task === undefined ? "workflow" : "container", shortName: targetOf(run) } },
    actionType: ActionType.TASK,
    triggerName: trigger,
    source: status?.scheduledFor === undefined ? RunSource.CLI : RunSource.SCHEDULE_TRIGGER,
  };
}

function status({ metadata: { creationTimestamp }, status = {} }: Stored<Run>) {
  const { phase, endTime } = status;
  const [startTime, ended] = [timestamp(creationTimestamp), timestamp(endTime)];
  const took = durationMs(creationTimestamp, endTime);
  return {
    phase: phaseOf(phase),
    attempts: status.attempt ?? 1,
    ...(startTime ? { startTime } : {}),
    ...(ended ? { endTime: ended } : {}),
    ...(took === undefined ? {} : { durationMs: took }),
  };
}

/** The row of a run: its root action. */
export function rootAction(run: Stored<Run>): ActionMessage {
  const { namespace = "", name } = run.metadata;
  return create(ActionSchema, { id: actionId(namespace, name, ROOT_ACTION), metadata: metadata(run), status: status(run) });
}

/** Why a run ended as it did, as the result of its root action. */
function result({ status, spec }: Run) {
  const { error, phase } = status ?? {};
  if (phase === "Aborted") return { result: { case: "abortInfo" as const, value: { reason: spec.abortReason ?? error?.message ?? "" } } };
  if (error === undefined) return {};
  const kind = error.kind === "USER" ? ErrorInfo_Kind.USER : ErrorInfo_Kind.SYSTEM;
  return { result: { case: "errorInfo" as const, value: { message: `${error.code}: ${error.message}`, kind } } };
}

export function runMessage(run: Stored<Run>): RunMessage {
  return create(RunSchema, { action: rootAction(run) });
}

/** The root action with its one attempt, which is the run itself. */
export function rootDetails(run: Stored<Run>): ActionDetails {
  const { id, metadata: about, status: now } = rootAction(run);
  const { outputs } = run.status ?? {};
  const attempt = {
    phase: now?.phase ?? 0,
    attempt: 1,
    ...(now?.startTime ? { startTime: now.startTime } : {}),
    ...(now?.endTime ? { endTime: now.endTime } : {}),
    ...(outputs ? { outputs: { outputUri: outputs.uri } } : {}),
  };
  return create(ActionDetailsSchema, {
    ...(id ? { id } : {}),
    ...(about ? { metadata: about } : {}),
    ...(now ? { status: now } : {}),
    ...result(run),
    attempts: [attempt],
  });
}

export function runDetails(run: Stored<Run>): RunDetails {
  const { labels = {}, annotations = {} } = run.metadata;
  return create(RunDetailsSchema, { action: rootDetails(run), runSpec: { labels: { values: labels }, annotations: { values: annotations } } });
}
