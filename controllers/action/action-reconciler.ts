import { type Outcome, settled, TerminalFailure } from "../../base/index.ts";
import { type TaskAction, TaskActionKind } from "../../crds/index.ts";
import type { Informer, Reconciler, ReconcileRun, Stored } from "../../kube/index.ts";
import { type PluginRegistry, pluginFor } from "../../plugins/index.ts";
import { isHeld, podInformer, podsOf, retire } from "./action-pods.ts";
import { addNotes, finish, isOver, statusOf } from "./action-status.ts";
import type { ActionDeps } from "./deps.ts";
import { imageEvents, markImageNotUsed } from "./image-notes.ts";
import { readWork, type Work } from "./launch.ts";
import { type ItemBackoffs, reconcileMap } from "./map-action.ts";
import { reconcileSingle } from "./single-action.ts";
import { stopAction } from "./stop-action.ts";

/** A finished action: its pods hold nothing back, and nothing of it runs. */
async function cleanUp(deps: ActionDeps, pods: Informer, action: Stored<TaskAction>, plugins: PluginRegistry, now: number): Promise<Outcome> {
  const plugin = pluginFor(plugins, action.spec.taskType ?? "");
  for (const pod of podsOf(pods, action)) if (isHeld(pod)) await retire(deps, plugin, pod, now);
  return settled();
}

/** The parts of a spec that this version does not act on are said, not silently ignored. */
function noteUnsupported(action: Stored<TaskAction>): void {
  if (action.spec.cacheKey) addNotes(statusOf(action), ["results are not cached in this version: the task was run"]);
}

function readable(deps: ActionDeps, action: Stored<TaskAction>, run: ReconcileRun): Work | undefined {
  try {
    return readWork(deps, action);
  } catch (thrown) {
    if (!(thrown instanceof TerminalFailure)) throw thrown;
    finish(action, "Failed", run.now, { code: thrown.reason, kind: "USER", message: thrown.message });
    run.event({ type: "Warning", reason: thrown.reason, message: `${action.spec.node}: ${thrown.message}` });
    return undefined;
  }
}

/** Drives one TaskAction: attempts as pods, their results, retries, and its end. */
export function actionReconciler(deps: ActionDeps): Reconciler<TaskAction> {
  const pods = podInformer(deps.informers);
  const images = imageEvents(deps.informers);
  const backoffs: ItemBackoffs = new Map();

  return {
    kind: TaskActionKind,
    summary: false,
    async reconcile(action, run) {
      if (isOver(action.status?.phase)) return cleanUp(deps, pods, action, deps.plugins, run.now);
      // Approvals and signals belong to the run controller's gates; nothing runs for them.
      if (action.spec.actionType === "condition") return settled();
      const work = readable(deps, action, run);
      if (!work) return settled();
      noteUnsupported(action);
      markImageNotUsed(images, podsOf(pods, action), run);
      if (action.spec.desiredState === "Aborted") {
        return stopAction(deps, pods, work, run, "Aborted", { code: "Aborted", kind: "USER", message: action.spec.abortReason ?? "aborted" });
      }
      return action.spec.map ? reconcileMap(deps, pods, work, run, backoffs) : reconcileSingle(deps, pods, work, run);
    },
  };
}
