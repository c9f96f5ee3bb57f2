import { actionName, ANNOTATION, API_VERSION, digestJson, LABEL, taskActionName } from "../../base/index.ts";
import { actionInputsKey, type BlobStore } from "../../blobs/index.ts";
import type { Task, TaskAction, TaskActionSpec } from "../../crds/index.ts";
import { parametersOfPlan, type PlanTask, SLICE_SIZE, type Start } from "../../engine/index.ts";
import { encodeTaskTemplate, labelValue, recipeOfTask } from "../../plugins/index.ts";
import { typedInterface } from "../../values/index.ts";
import type { RunContext } from "./context.ts";
import { type EffectiveTask, effectiveTask } from "./overrides.ts";

/** `1/2` on the second of two slices of a map: which part of its node an action is. */
export const SLICE_ANNOTATION = "flyte.org/slice";

export interface ActionSources {
  readonly blobs: BlobStore;
  /** The live Task, for where it was written; undefined when it is gone. */
  readonly task: Task | undefined;
  /** The project's defaults. */
  readonly projectEnv: Readonly<Record<string, string>>;
  readonly serviceAccountName: string | undefined;
}

type Policy = NonNullable<TaskActionSpec["policy"]>;

const DEFAULT_LIMITS = { limit: 0, system: 3, preemption: 5 };
const DEFAULT_BACKOFF = { duration: "1s", factor: 2, cap: "1m" };
const DEFAULT_MEMORY_FACTOR = 2;

/** What is given, over the defaults. */
function over<T extends object>(defaults: T, given: { readonly [K in keyof T]?: T[K] | undefined } | undefined): T {
  return { ...defaults, ...Object.fromEntries(Object.entries(given ?? {}).filter(([key, value]) => Object.hasOwn(defaults, key) && value !== undefined)) };
}

function retriesOf(retries: EffectiveTask["retries"]): Policy["retries"] {
  const { backoff, onOOM, onExit } = retries ?? {};
  return {
    ...over(DEFAULT_LIMITS, retries),
    onExit: over({ retry: [] as number[], fail: [] as number[], skip: [] as number[] }, onExit),
    ...(backoff ? { backoff: over(DEFAULT_BACKOFF, backoff) } : {}),
    ...(onOOM ? { onOOM: { memoryFactor: DEFAULT_MEMORY_FACTOR, ...onOOM } } : {}),
  };
}

/** Defaults in one place: what a Task leaves open. */
export function policyOf({ retries, timeout, timeouts, interruptible }: EffectiveTask): Policy {
  return {
    retries: retriesOf(retries),
    ...(timeout === undefined ? {} : { timeout }),
    ...(timeouts?.queued === undefined ? {} : { queuedTimeout: timeouts.queued }),
    ...(timeouts?.total === undefined ? {} : { totalTimeout: timeouts.total }),
    interruptible: interruptible ?? false,
  };
}

function template(context: RunContext, plan: PlanTask, task: EffectiveTask): string {
  const { project, domain, run } = context;
  const { target } = context.plan.plan;
  if (!task.container) throw new Error(`invariant violated: task ${plan.name} has no container`);
  const source = { type: plan.type, container: task.container, data: task.data, secrets: task.secrets };
  const recipe = recipeOfTask(source, {
    id: { project, domain, name: plan.name, version: run.status?.plan?.digest.slice(7, 19) ?? "" },
    workflow: target.kind === "Workflow" ? target.name : "",
    // Not status.startTime: the same action must come out the same, whenever it is built.
    runStartTime: run.metadata.creationTimestamp ?? "",
    interface: typedInterface(parametersOfPlan(plan.inputs), parametersOfPlan(plan.outputs)),
  });
  return encodeTaskTemplate(recipe);
}

function mapOf(start: Start): Pick<TaskActionSpec, "map"> {
  if (!start.map) return {};
  const { concurrency, minSuccessRatio, failed } = start.declared.map!;
  // Slices share one ratio: alone, each must let its items fail, and the run judges the sum.
  const ratio = minSuccessRatio === undefined || start.map.slices === 1 ? minSuccessRatio : 0;
  return {
    map: {
      count: start.map.count,
      ...(start.map.offset > 0 ? { offset: start.map.offset } : {}),
      over: Object.keys(start.map.over).sort(),
      failed,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(ratio === undefined ? {} : { minSuccessRatio: ratio }),
    },
  };
}

function codeOf(plan: PlanTask, live: Task | undefined): Pick<TaskActionSpec, "code"> {
  const code = plan.spec["code"] as { readonly path: string; readonly digest?: string } | undefined;
  if (!code) return {};
  const revision = live?.spec.code?.digest === code.digest ? live?.spec.code?.revision : undefined;
  return { code: { path: code.path, ...(code.digest === undefined ? {} : { digest: code.digest }), ...(revision === undefined ? {} : { revision }) } };
}

function specOf(context: RunContext, start: Start, name: string, { blobs, task: live, ...defaults }: ActionSources): TaskActionSpec {
  const { run, spec, project, domain, base, dataPrefixes } = context;
  const plan = context.plan.plan.tasks[start.task]!;
  const task = effectiveTask(plan, start.declared, start.node, spec, defaults.projectEnv);
  const serviceAccountName = spec.serviceAccountName ?? task.serviceAccountName ?? defaults.serviceAccountName;
  const source = live?.metadata.annotations?.[ANNOTATION.source];
  return {
    runName: run.metadata.name,
    runUid: run.metadata.uid,
    project,
    domain,
    actionName: name,
    actionType: "task",
    inputUri: blobs.uri(actionInputsKey(base, name)),
    runOutputBase: blobs.uri(base),
    taskType: plan.type,
    shortName: plan.name,
    taskTemplate: template(context, plan, task),
    node: start.node,
    task: plan.name,
    ...(run.status?.plan ? { plan: run.status.plan.digest } : {}),
    ...(run.status?.plan?.revision === undefined ? {} : { revision: run.status.plan.revision }),
    ...(source === undefined ? {} : { source }),
    ...codeOf(plan, live),
    policy: policyOf(task),
    ...mapOf(start),
    ...(dataPrefixes.length === 0 ? {} : { dataPrefixes: [...dataPrefixes] }),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    ...(start.deadline === undefined ? {} : { deadline: new Date(start.deadline).toISOString() }),
    desiredState: "Running",
  };
}

/** What must be the same when an action of this name is found: all but where the Task was last seen in git. */
export function specHash({ source: _source, revision: _revision, code, desiredState: _state, abortReason: _reason, ...spec }: TaskActionSpec): string {
  return digestJson({ ...spec, code: code && { path: code.path, digest: code.digest } });
}

/** The TaskAction of one start. The same start gives the same name and, but for its source, the same bytes. */
export function taskActionOf(context: RunContext, start: Start, sources: ActionSources): TaskAction {
  const { run, project, domain } = context;
  const { name: runName, uid, namespace } = run.metadata;
  const name = actionName(uid, start.action);
  const spec = specOf(context, start, name, sources);
  return {
    apiVersion: API_VERSION,
    kind: "TaskAction",
    metadata: {
      name: taskActionName(runName, name),
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        [LABEL.run]: runName,
        [LABEL.runUid]: uid,
        [LABEL.action]: name,
        [LABEL.node]: labelValue(start.node),
        [LABEL.project]: project,
        [LABEL.domain]: domain,
      },
      annotations: {
        [ANNOTATION.specHash]: specHash(spec),
        ...(start.map && start.map.slices > 1 ? { [SLICE_ANNOTATION]: `${start.map.offset / SLICE_SIZE}/${start.map.slices}` } : {}),
      },
      ownerReferences: [{ apiVersion: run.apiVersion, kind: run.kind, name: runName, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec,
  };
}
