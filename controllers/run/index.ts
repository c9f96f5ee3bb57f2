import type { BlobStore, openRemoteData } from "../../blobs/index.ts";
import type { Evaluator } from "../../cel/index.ts";
import { ProjectQuotaKind, RunKind, TaskActionKind, type Run, type TaskAction, TaskKind, TriggerKind, WorkflowKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps, Kinds, type Stored } from "../../kube/index.ts";
import { runMetrics } from "./metrics.ts";
import { runReconciler } from "./run-reconciler.ts";
import { ttlReconciler } from "./ttl-reconciler.ts";

export { type RunDeps } from "./deps.ts";
export { type RunReconciler, runReconciler } from "./run-reconciler.ts";
export { ttlReconciler } from "./ttl-reconciler.ts";

export interface RunControllerDeps extends ControllerDeps {
  readonly blobs: BlobStore;
  /** How data that others own is read; absent: where it lies. */
  readonly openRemote?: typeof openRemoteData;
  /** Evaluates expressions of workflows; `workerEvaluator` of cel. */
  readonly evaluator: Evaluator;
}

/** Drives Runs, and collects finished ones when their ttl is over. A finished action wakes its run at once. */
export function runControllers(deps: RunControllerDeps): readonly Controller[] {
  const reconciler = runReconciler(deps);
  if (deps.meter) runMetrics(deps.meter, deps.informers);
  const inNamespace = ({ metadata }: Stored): readonly string[] => reconciler.wokenByNamespace(metadata.namespace ?? "");
  return [
    controller(deps, {
      reconciler,
      watches: [
        { kind: TaskActionKind, keysOf: (action) => reconciler.wokenByAction(action as Stored<TaskAction>) },
        { kind: RunKind, keysOf: (run) => reconciler.wokenByRun(run as Stored<Run>) },
        { kind: WorkflowKind, keysOf: inNamespace },
        { kind: TaskKind, keysOf: inNamespace },
        { kind: TriggerKind, keysOf: inNamespace },
        { kind: ProjectQuotaKind, keysOf: inNamespace },
        { kind: Kinds.Namespace, keysOf: ({ metadata }) => (metadata.deletionTimestamp === undefined ? [] : reconciler.wokenByNamespace(metadata.name)) },
      ],
    }),
    controller(deps, { reconciler: ttlReconciler(deps) }),
  ];
}
