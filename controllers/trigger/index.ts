import { LABEL } from "../../base/index.ts";
import { GitSyncKind, RunKind, TaskKind, type Trigger, TriggerKind, WorkflowKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps, keyOf, type Stored } from "../../kube/index.ts";
import { triggerReconciler } from "./trigger-reconciler.ts";

export { triggeredRunName } from "./triggered-run.ts";

/** Follows Triggers, what they run, the Runs they made and the sync that applied them. */
export function triggerController(deps: ControllerDeps): Controller {
  const triggers = deps.informers.of<Trigger>({ kind: TriggerKind });
  const running = (word: "workflow" | "task") => (object: Stored) =>
    triggers
      .list()
      .filter((trigger) => trigger.metadata.namespace === object.metadata.namespace && trigger.spec.run[word] === object.metadata.name)
      .map(keyOf);
  return controller(deps, {
    reconciler: triggerReconciler(deps),
    watches: [
      { kind: WorkflowKind, keysOf: running("workflow") },
      { kind: TaskKind, keysOf: running("task") },
      { kind: RunKind, keysOf: ({ metadata }) => (metadata.labels?.[LABEL.trigger] ? [`${metadata.namespace}/${metadata.labels[LABEL.trigger]}`] : []) },
      {
        kind: GitSyncKind,
        keysOf: ({ metadata }) =>
          triggers
            .list()
            .filter((trigger) => trigger.metadata.labels?.[LABEL.syncUid] === metadata.uid)
            .map(keyOf),
      },
    ],
  });
}
