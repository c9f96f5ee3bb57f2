import { type Run, RunKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps } from "../../kube/index.ts";
import type { RunArchive } from "../../records/index.ts";
import { archiveReconciler, isHeld } from "./archive-reconciler.ts";

export { type ArchiveReconciler, archiveReconciler } from "./archive-reconciler.ts";

export interface ArchiveControllerDeps extends ControllerDeps {
  /** `Records`, or any other that keeps Runs. */
  readonly records: RunArchive;
}

/** Keeps every Run that has ended, with its actions, before it may go. */
export function archiveController(deps: ArchiveControllerDeps): Controller {
  const { informers, records } = deps;
  const reconciler = archiveReconciler({ informers, archive: records });
  const runs = informers.of<Run>({ kind: RunKind });
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  const made = controller(deps, { reconciler, watches: [{ kind: TaskActionKind, keysOf: () => [] }] });
  return {
    ...made,
    get idle() {
      return made.idle;
    },
    async run(signal) {
      const stops = [
        actions.onChange(({ type, object }) => {
          if (type !== "deleted") return;
          const run = runs.get(`${object.metadata.namespace}/${object.spec.runName}`);
          if (run?.metadata.uid === object.spec.runUid && isHeld(run)) reconciler.lost(object);
        }),
        runs.onChange(({ type, object }) => {
          if (type === "deleted") reconciler.forget(object.metadata.uid);
        }),
      ];
      await made.run(signal).finally(() => {
        for (const stop of stops) stop();
      });
    },
  };
}
