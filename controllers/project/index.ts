import { LABEL } from "../../base/index.ts";
import { type Controller, controller, type ControllerDeps, Kinds } from "../../kube/index.ts";
import { projectReconciler } from "./project-reconciler.ts";

export { projectReconciler } from "./project-reconciler.ts";

/** Follows Projects and the namespaces they own: a namespace that changes or goes wakes its Project. */
export function projectController(deps: ControllerDeps): Controller {
  return controller(deps, {
    reconciler: projectReconciler({ client: deps.informers.client }),
    watches: [
      {
        kind: Kinds.Namespace,
        labelSelector: LABEL.projectUid,
        keysOf: ({ metadata }) => (metadata.labels?.[LABEL.project] ? [metadata.labels[LABEL.project] as string] : []),
      },
    ],
  });
}
