import { LABEL, podName, TerminalFailure } from "../../base/index.ts";
import { type Project, ProjectKind, type ProjectQuota, ProjectQuotaKind, type TaskAction } from "../../crds/index.ts";
import { ApiError, ignoreNotFound, isAlreadyExists, Kinds, type KubeObject, type Stored } from "../../kube/index.ts";
import {
  type BuildContext,
  decodeTaskTemplate,
  effectiveResources,
  isStampedAlike,
  type Manifest,
  pluginFor,
  type ResourcePlugin,
  stamp,
  type TaskQuota,
  type TaskRecipe,
} from "../../plugins/index.ts";
import type { Literal } from "../../proto/index.ts";
import { templatedInputs } from "../../values/index.ts";
import { attemptData, codeUri, inputsKey, slotOf } from "./action-data.ts";
import { discard } from "./action-pods.ts";
import { knownDeadline } from "./deadlines.ts";
import type { ActionDeps } from "./deps.ts";
import { itemInputs, loadInputs } from "./load-inputs.ts";
import { type Policy, policyOf } from "./policy.ts";

/** What every attempt of an action shares, read once per pass. */
export interface Work {
  readonly action: Stored<TaskAction>;
  readonly recipe: TaskRecipe;
  readonly plugin: ResourcePlugin;
  readonly policy: Policy;
  readonly quota: TaskQuota;
}

/** Which attempt (0-based), and what it has learnt from its predecessors. */
export interface AttemptOf {
  readonly attempt: number;
  readonly item?: number;
  readonly oomKills: number;
}

export type Launch =
  | { readonly kind: "launched"; readonly pod: string }
  /** The cluster does not take it now. */
  | { readonly kind: "refused"; readonly reason: string; readonly message: string; readonly recheckAfter: number };

const REFUSED_RECHECK_MS = 5_000;
const TAKEN_RECHECK_MS = 1_000;

export function quotaOf(deps: ActionDeps, namespace: string): TaskQuota {
  const quota = deps.informers.of<ProjectQuota>({ kind: ProjectQuotaKind }).get(`${namespace}/default`);
  return { taskDefaults: quota?.spec.taskDefaults, taskLimits: quota?.spec.taskLimits };
}

/** Reads the spec. TerminalFailure InvalidSpec, PluginNotFound or CodeUnresolved: no attempt can ever start. */
export function readWork(deps: ActionDeps, action: Stored<TaskAction>): Work {
  const { taskType, taskTemplate, code } = action.spec;
  if (!taskTemplate || !taskType) throw new TerminalFailure("InvalidSpec", "spec.taskType and spec.taskTemplate are required");
  const plugin = pluginFor(deps.plugins, taskType);
  if (!plugin) throw new TerminalFailure("PluginNotFound", `no plugin of this installation runs tasks of type ${taskType}`);
  if (code && code.digest === undefined) {
    const ways = "let a GitSync apply the Task, or write the digests with: flyteops synth --push";
    throw new TerminalFailure("CodeUnresolved", `code: ${code.path} has no digest, so its files are not stored; ${ways}`);
  }
  return { action, recipe: decodeTaskTemplate(taskTemplate), plugin, policy: policyOf(action.spec), quota: quotaOf(deps, action.metadata.namespace ?? "") };
}

export function attemptName(action: Stored<TaskAction>, { attempt, item }: AttemptOf): string {
  return podName(action.metadata.name, attempt, item);
}

function identityOf(action: Stored<TaskAction>): BuildContext["identity"] {
  const { spec } = action;
  return {
    namespace: action.metadata.namespace ?? "",
    name: action.metadata.name,
    uid: action.metadata.uid,
    run: spec.runName,
    runUid: spec.runUid,
    project: spec.project,
    domain: spec.domain,
    action: spec.actionName,
    node: spec.node,
    source: spec.source ?? "",
    revision: spec.code?.revision ?? spec.revision ?? "",
  };
}

/** Loads the inputs that templates refer to, when first asked and only then: attempts of one pass share them. */
export type TemplateInputs = () => Promise<Record<string, Literal>>;

export function inputsOnce({ blobs }: ActionDeps, { action, recipe }: Work): TemplateInputs {
  const { command, args, env } = recipe.container;
  let loading: Promise<Record<string, Literal>> | undefined;
  return () => (loading ??= loadInputs(blobs, inputsKey(action, blobs), templatedInputs({ command, args, env })));
}

/** The labels that a Project wants on its pods are below the installation's own, and below what identifies a pod. */
function withProjectLabels({ informers, config }: ActionDeps, project: string): ActionDeps["config"]["plugin"] {
  const podLabels = informers.of<Project>({ kind: ProjectKind }).get(project)?.spec.defaults?.podLabels;
  return podLabels === undefined ? config.plugin : { ...config.plugin, labels: { ...podLabels, ...config.plugin.labels } };
}

/** The manifest of one attempt. The same for the same action, attempt and installation, whenever it is built. */
async function manifestOf(deps: ActionDeps, work: Work, which: AttemptOf, templateInputs: TemplateInputs): Promise<Manifest> {
  const { action, recipe, policy, quota } = work;
  const { spec } = action;
  const { attempt, item, oomKills } = which;
  const storage = deps.config.storage ?? deps.blobs.root;
  const slot = slotOf(action, deps.blobs, item);
  const inputs = await templateInputs();
  const growth = policy.onOOM && { oomKills, ...policy.onOOM };
  const code = codeUri(action, storage);
  const deadline = knownDeadline(action, policy);
  const over = spec.map?.over ?? [];
  const context: BuildContext = {
    identity: identityOf(action),
    attempt,
    maxAttempts: policy.limits.user + 1,
    recipe,
    resources: effectiveResources(recipe.container, quota, growth),
    env: spec.envVars ?? {},
    inputs: item === undefined ? inputs : itemInputs(inputs, over, item),
    data: attemptData(action, deps.blobs, storage, slot, attempt),
    dataPrefixes: spec.dataPrefixes ?? [],
    interruptible: policy.interruptible,
    config: withProjectLabels(deps, spec.project),
    ...(item === undefined ? {} : { map: { index: item, number: (spec.map?.offset ?? 0) + item, over } }),
    ...(code === undefined ? {} : { code: { uri: code } }),
    ...(spec.serviceAccountName === undefined ? {} : { serviceAccountName: spec.serviceAccountName }),
    ...(policy.timeoutMs === undefined ? {} : { timeoutMs: policy.timeoutMs }),
    ...(deadline === undefined ? {} : { deadline }),
  };
  const [primary] = work.plugin.build(context);
  if (!primary) throw new Error(`plugin ${work.plugin.name} built nothing`);
  return stamp(primary, context, attemptName(action, which));
}

/** What a refused creation means: wait (quota, an absent ServiceAccount), or never (the object itself is wrong). */
function refusal(thrown: unknown): Launch {
  if (!(thrown instanceof ApiError)) throw thrown;
  const { code, message } = thrown;
  if (code === 403 && thrown.status?.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating")) {
    return { kind: "refused", reason: "NamespaceTerminating", message, recheckAfter: REFUSED_RECHECK_MS };
  }
  if (code === 403 && message.includes("violates PodSecurity")) throw new TerminalFailure("PodSecurity", message, { cause: thrown });
  if (code === 403)
    return { kind: "refused", reason: message.includes("exceeded quota") ? "QuotaExceeded" : "Forbidden", message, recheckAfter: REFUSED_RECHECK_MS };
  if (code === 413) throw new TerminalFailure("EntityTooLarge", message, { cause: thrown });
  if (code === 400 || code === 422) throw new TerminalFailure("InvalidResource", message, { cause: thrown });
  throw thrown;
}

/** Our name is taken. Our own earlier creation is welcome; what else of ours is there is deleted, what is not ours is waited out. */
async function claim(deps: ActionDeps, wanted: Manifest): Promise<Launch> {
  const { name = "", namespace = "" } = wanted.metadata;
  const { client } = deps.informers;
  const found = await client.get(Kinds.Pod, { namespace, name }).catch(ignoreNotFound);
  if (found && isStampedAlike(found as unknown as Manifest, wanted)) return { kind: "launched", pod: name };
  const message = `the name ${name} is taken by a pod that is not of this attempt`;
  const managed = found?.metadata.labels?.[LABEL.managed] === "true";
  if (found && managed) await discard(client, found);
  return { kind: "refused", reason: "NameTaken", message, recheckAfter: managed || !found ? 1 : TAKEN_RECHECK_MS };
}

/**
 * Creates the objects of an attempt under its derived name, once however often it is asked. Throws TerminalFailure when
 * the attempt can never start.
 */
export async function launch(deps: ActionDeps, work: Work, which: AttemptOf, inputs: TemplateInputs = inputsOnce(deps, work)): Promise<Launch> {
  const wanted = await manifestOf(deps, work, which, inputs);
  try {
    await deps.informers.client.create(Kinds.Pod, wanted as unknown as KubeObject);
    return { kind: "launched", pod: wanted.metadata.name ?? "" };
  } catch (thrown) {
    return isAlreadyExists(thrown) ? claim(deps, wanted) : refusal(thrown);
  }
}
