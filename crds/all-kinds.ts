import type { AnyKind } from "../schema/index.ts";
import { AppKind } from "./app.ts";
import { GitSyncKind } from "./git-sync.ts";
import { ProjectQuotaKind } from "./project-quota.ts";
import { ProjectKind } from "./project.ts";
import { RunKind } from "./run.ts";
import { TaskActionKind } from "./task-action.ts";
import { TaskKind } from "./task.ts";
import { TriggerKind } from "./trigger.ts";
import { WorkflowKind } from "./workflow.ts";

/** Every kind, in the order in which their objects are applied: what others refer to comes first. */
export const allKinds: readonly AnyKind[] = [ProjectKind, ProjectQuotaKind, GitSyncKind, TaskKind, WorkflowKind, TriggerKind, AppKind, RunKind, TaskActionKind];

/** The kind of an object by its apiVersion and kind; undefined when it is not ours. */
export function kindOf(object: { readonly apiVersion?: unknown; readonly kind?: unknown }): AnyKind | undefined {
  return allKinds.find((kind) => object.apiVersion === `${kind.group}/${kind.version}` && object.kind === kind.kind);
}
