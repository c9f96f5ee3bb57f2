import type { TaskAction } from "../../crds/index.ts";
import type { AttemptError } from "../../plugins/index.ts";
import type { Policy } from "./policy.ts";

export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly error: AttemptError;
}

const timeOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));

function deadline(at: number | undefined, code: string, message: string): Deadline[] {
  return at === undefined ? [] : [{ at, error: { code, kind: "USER", message } }];
}

const seconds = (ms: number | undefined): string => `${(ms ?? 0) / 1_000}s`;

/** The moments at which the action as a whole is over, whatever runs. Earliest first. */
export function actionDeadlines(action: TaskAction, policy: Policy): Deadline[] {
  const createdAt = timeOf(action.metadata.creationTimestamp);
  const after = (ms: number | undefined) => (ms === undefined || createdAt === undefined ? undefined : createdAt + ms);
  const waiting = action.status?.startTime === undefined;
  return [
    ...deadline(timeOf(action.spec.deadline), "RunTimeout", "the time of the run is up"),
    ...deadline(after(policy.totalMs), "TotalTimeout", `all attempts together took longer than timeouts.total (${seconds(policy.totalMs)})`),
    ...(waiting ? deadline(after(policy.queuedMs), "QueuedTimeout", `no attempt had started after timeouts.queued (${seconds(policy.queuedMs)})`) : []),
  ].sort((left, right) => left.at - right.at);
}

/** When everything must be over, for the program: FLYTEOPS_DEADLINE. Only what is known when the pod is built, and the same each time it is. */
export function knownDeadline(action: TaskAction, policy: Policy): string | undefined {
  const createdAt = timeOf(action.metadata.creationTimestamp);
  const total = policy.totalMs === undefined || createdAt === undefined ? undefined : createdAt + policy.totalMs;
  const ends = [timeOf(action.spec.deadline), total].filter((at) => at !== undefined);
  return ends.length === 0 ? undefined : new Date(Math.min(...ends)).toISOString();
}
