import type { Overrides, RunSpec, TaskSpec, Timeouts } from "../../crds/index.ts";
import type { PlanNode, PlanTask } from "../../engine/index.ts";

/** A Task's spec with what node and Run change of it; later ones win, key by key. */
export type EffectiveTask = TaskSpec & { readonly timeouts?: Timeouts | undefined };

function merged<T extends object>(under: T | undefined, over: T | undefined): T | undefined {
  if (!over) return under;
  return { ...under, ...Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) } as T;
}

function mergedEnv(task: EffectiveTask, env: Readonly<Record<string, string>> | undefined): EffectiveTask {
  if (!env || !task.container) return task;
  const kept = (task.container.env ?? []).filter(({ name }) => !Object.hasOwn(env, name));
  return { ...task, container: { ...task.container, env: [...kept, ...Object.entries(env).map(([name, value]) => ({ name, value }))] } };
}

function override(task: EffectiveTask, change: Partial<Overrides> & { readonly timeouts?: Timeouts | undefined }): EffectiveTask {
  const { resources, retries, env, timeout, timeouts, interruptible } = change;
  const container = task.container && {
    ...task.container,
    ...(resources
      ? {
          resources: {
            ...task.container.resources,
            ...(resources.requests ? { requests: { ...task.container.resources?.requests, ...resources.requests } } : {}),
            ...(resources.limits ? { limits: { ...task.container.resources?.limits, ...resources.limits } } : {}),
          },
        }
      : {}),
  };
  const changed = {
    ...task,
    ...(container ? { container } : {}),
    ...(retries ? { retries: mergedRetries(task.retries, retries) } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(timeouts ? { timeouts: merged(task.timeouts, timeouts) } : {}),
    ...(interruptible === undefined ? {} : { interruptible }),
  };
  return mergedEnv(changed as EffectiveTask, env);
}

function mergedRetries(under: TaskSpec["retries"], over: NonNullable<TaskSpec["retries"]>): TaskSpec["retries"] {
  return {
    ...merged(under, over),
    ...(over.onExit ? { onExit: merged(under?.onExit, over.onExit) } : {}),
    ...(over.backoff ? { backoff: merged(under?.backoff, over.backoff) } : {}),
    ...(over.onOOM ? { onOOM: merged(under?.onOOM, over.onOOM) } : {}),
  } as TaskSpec["retries"];
}

/** The project's environment comes first: everything else may change it. */
function withProjectEnv(task: EffectiveTask, env: Readonly<Record<string, string>>): EffectiveTask {
  const own = Object.fromEntries((task.container?.env ?? []).map(({ name, value }) => [name, value ?? ""]));
  return mergedEnv(task, { ...env, ...own });
}

/** Project < Task < node < Run. `node` is the node's path in the run. */
export function effectiveTask(task: PlanTask, declared: PlanNode, node: string, spec: RunSpec, projectEnv: Readonly<Record<string, string>>): EffectiveTask {
  const { timeout: _timeout, retries, interruptible, timeouts, overrides } = declared;
  const own = task.spec as unknown as TaskSpec;
  const ofNode = {
    ...(declared.timeout === undefined ? {} : { timeout: `${declared.timeout}ms` }),
    ...(retries ? { retries: retries as NonNullable<TaskSpec["retries"]> } : {}),
    ...(interruptible === undefined ? {} : { interruptible }),
    ...(timeouts ? { timeouts: timeouts as Timeouts } : {}),
  };
  const ofRun = spec.overrides?.nodes ?? {};
  const layers = [ofNode, (overrides ?? {}) as Partial<Overrides>, (Object.hasOwn(ofRun, node) ? ofRun[node] : undefined) ?? {}];
  return layers.reduce<EffectiveTask>(override, withProjectEnv(own, projectEnv));
}
