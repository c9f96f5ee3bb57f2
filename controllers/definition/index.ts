import type { BlobStore } from "../../blobs/index.ts";
import { type ProjectQuota, ProjectQuotaKind, type Task, TaskKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps, type Stored, type Watch } from "../../kube/index.ts";
import { compileCache, type DefinitionKind } from "./compile-cache.ts";
import { taskReconciler, workflowReconciler } from "./definition-reconciler.ts";

export { type CompileCache, compileCache } from "./compile-cache.ts";
export { taskReconciler, workflowReconciler } from "./definition-reconciler.ts";

export interface DefinitionControllerDeps extends ControllerDeps {
  readonly blobs: BlobStore;
}

/** Two controllers over one cache of compilations. A Task or Workflow that changes, appears or goes wakes what names it. */
export function definitionControllers(deps: DefinitionControllerDeps): readonly Controller[] {
  const cache = compileCache(
    deps.informers.of<Task>({ kind: TaskKind }),
    deps.informers.of<Workflow>({ kind: WorkflowKind }),
    deps.informers.of<ProjectQuota>({ kind: ProjectQuotaKind }),
  );
  const usersOf =
    (kind: DefinitionKind) =>
    ({ metadata }: Stored): readonly string[] =>
      cache.dependents(kind, metadata.namespace ?? "", metadata.name).filter((key) => kind === "Task" || key !== `${metadata.namespace}/${metadata.name}`);
  /** Whoever was compiled under these limits is compiled again under the new ones. */
  const limits: Watch = { kind: ProjectQuotaKind, keysOf: ({ metadata }) => cache.dependents("ProjectQuota", metadata.namespace ?? "", metadata.name) };
  return [
    controller(deps, { reconciler: taskReconciler({ cache, blobs: deps.blobs }), watches: [limits] }),
    controller(deps, {
      reconciler: workflowReconciler({ cache, blobs: deps.blobs }),
      watches: [{ kind: TaskKind, keysOf: usersOf("Task") }, { kind: WorkflowKind, keysOf: usersOf("Workflow") }, limits],
    }),
  ];
}
