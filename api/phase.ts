import type { RunStatus, TaskActionStatus } from "../crds/index.ts";
import { ActionPhase } from "../proto/services/index.ts";

type Phase = NonNullable<RunStatus["phase"]> | NonNullable<TaskActionStatus["phase"]>;

const PHASES: Readonly<Record<Phase, ActionPhase>> = {
  Queued: ActionPhase.QUEUED,
  Waiting: ActionPhase.WAITING_FOR_RESOURCES,
  WaitingForResources: ActionPhase.WAITING_FOR_RESOURCES,
  Initializing: ActionPhase.INITIALIZING,
  Running: ActionPhase.RUNNING,
  Succeeded: ActionPhase.SUCCEEDED,
  // Flyte has no word for a node that ended itself; the run goes on as after a success.
  Skipped: ActionPhase.SUCCEEDED,
  Failed: ActionPhase.FAILED,
  Aborting: ActionPhase.RUNNING,
  Aborted: ActionPhase.ABORTED,
  TimedOut: ActionPhase.TIMED_OUT,
};

/** Our word as Flyte's; what is not there yet is queued. */
export function phaseOf(phase: string | undefined): ActionPhase {
  return phase !== undefined && Object.hasOwn(PHASES, phase) ? PHASES[phase as Phase] : ActionPhase.QUEUED;
}

const FINAL: ReadonlySet<ActionPhase> = new Set([ActionPhase.SUCCEEDED, ActionPhase.FAILED, ActionPhase.ABORTED, ActionPhase.TIMED_OUT]);

export const isFinal = (phase: ActionPhase): boolean => FINAL.has(phase);

/** `SUCCEEDED`, `ACTION_PHASE_SUCCEEDED` or `5`, as filters write it; undefined for what is none. */
export function parsePhase(text: string): ActionPhase | undefined {
  const name = text.toUpperCase().replace(/^ACTION_PHASE_/, "");
  const found = /^\d+$/.test(text) ? Number(text) : (ActionPhase as unknown as Record<string, unknown>)[name];
  return typeof found === "number" && ActionPhase[found] !== undefined ? found : undefined;
}
