export { allKinds, kindOf } from "./all-kinds.ts";
export { type App, AppKind, type AppSpec, type AppStatus, type AuthoredApp } from "./app.ts";
export type { Code, Container, Secret, ServingContainer } from "./container.ts";
export { type AuthoredGitSync, type GitReference, type GitSync, GitSyncKind, type GitSyncSpec, type GitSyncStatus } from "./git-sync.ts";
export { CEL_RESERVED, NODE_NAME_PATTERN, NODE_PATH_PATTERN } from "./names.ts";
export type { BoundOutput, Input, Output } from "./parameter.ts";
export type { Cache, Overrides, Resources, Retries, Timeouts } from "./policies.ts";
export { type AuthoredProject, type Project, ProjectKind, type ProjectSpec, type ProjectStatus } from "./project.ts";
export { type AuthoredProjectQuota, type ProjectQuota, ProjectQuotaKind, type ProjectQuotaSpec, type ProjectQuotaStatus } from "./project-quota.ts";
export {
  type AuthoredRun,
  type ExecutionError,
  isFinished,
  type Run,
  RUN_PHASES,
  RunKind,
  type RunOverrides,
  type RunPhase,
  type RunSpec,
  type RunStatus,
  type Signal,
} from "./run.ts";
export { type AuthoredTask, type Task, TaskKind, type TaskSpec, type TaskStatus } from "./task.ts";
export {
  ACTION_PHASES,
  type ActionPhase,
  type AuthoredTaskAction,
  type TaskAction,
  TaskActionKind,
  type TaskActionSpec,
  type TaskActionStatus,
} from "./task-action.ts";
export { type AuthoredTrigger, type Trigger, TriggerKind, type TriggerSpec, type TriggerStatus } from "./trigger.ts";
export {
  type AuthoredWorkflow,
  type MapSpec,
  MAX_NODES,
  type NodeSpec,
  type PlainNodeSpec,
  type Workflow,
  WorkflowKind,
  type WorkflowSpec,
  type WorkflowStatus,
} from "./workflow.ts";
