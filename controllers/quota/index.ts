import { RunKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps } from "../../kube/index.ts";
import { quotaReconciler } from "./quota-reconciler.ts";

export { quotaReconciler } from "./quota-reconciler.ts";

/** Follows ProjectQuotas, and Runs for the figures in their status. */
export function quotaController(deps: ControllerDeps): Controller {
  return controller(deps, {
    reconciler: quotaReconciler({ client: deps.informers.client, informers: deps.informers }),
    watches: [{ kind: RunKind, keysOf: ({ metadata }) => [`${metadata.namespace}/default`] }],
  });
}
