import { TerminalFailure } from "../../base/index.ts";
import { type App, AppKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps, type Reconciler } from "../../kube/index.ts";

/** Says of every App that it is not run yet, rather than leaving it without a word. */
export function appReconciler(): Reconciler<App> {
  return {
    kind: AppKind,
    async reconcile(_app, run) {
      const message = "Apps are accepted and kept, but not run yet: nothing is deployed for this object";
      run.mark("NotImplemented", "NotImplemented", message);
      throw new TerminalFailure("NotImplemented", message);
    },
  };
}

export function appController(deps: ControllerDeps): Controller {
  return controller(deps, { reconciler: appReconciler() });
}
