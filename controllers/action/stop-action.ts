import { type Outcome, settled, waiting } from "../../base/index.ts";
import type { Informer, ReconcileRun } from "../../kube/index.ts";
import type { AttemptError } from "../../plugins/index.ts";
import { isOngoing, podsOf, stopGrace, stopPod } from "./action-pods.ts";
import { finish } from "./action-status.ts";
import type { ActionDeps } from "./deps.ts";
import type { Work } from "./launch.ts";

/** A pod on a node that is gone says nothing; whether it is lost is a matter of time. */
const RECHECK_MS = 10_000;

/** Ends the action in this phase once nothing of it runs any more. */
export async function stopAction(
  deps: ActionDeps,
  pods: Informer,
  work: Work,
  run: ReconcileRun,
  phase: "Aborted" | "TimedOut",
  error: AttemptError,
): Promise<Outcome> {
  const running = podsOf(pods, work.action).filter((pod) => isOngoing(deps, work.plugin, pod, run.now));
  await Promise.all(running.map((pod) => stopPod(deps.informers.client, pod, stopGrace(deps))));
  if (running.length > 0) return waiting("Stopping", `${running.length} pods`, RECHECK_MS);
  finish(work.action, phase, run.now, error);
  return settled();
}
