import type { BuildContext } from "./plugin.ts";

export interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Readonly<Record<string, unknown>>;
}

/** Where secrets lie and what their variables begin with, as in Flyte. */
export const SECRETS_DIRECTORY = "/etc/flyte/secrets";
export const SECRETS_ENV_PREFIX = "_UNION_";
export const CODE_PATH = "/code";

/** The kubelet expands `$(NAME)` in variables and arguments; `$$` stands for one dollar. */
export function escapeDollars(value: string): string {
  return value.replaceAll("$", "$$$$");
}

const ALWAYS = [
  "RUN_NAME",
  "ACTION_NAME",
  "FLYTE_ATTEMPT_NUMBER",
  "FLYTE_INTERNAL_EXECUTION_ID",
  "FLYTE_INTERNAL_EXECUTION_PROJECT",
  "FLYTE_INTERNAL_EXECUTION_DOMAIN",
  "FLYTE_INTERNAL_EXECUTION_WORKFLOW",
  "FLYTE_INTERNAL_TASK_PROJECT",
  "FLYTE_INTERNAL_TASK_DOMAIN",
  "FLYTE_INTERNAL_TASK_NAME",
  "FLYTE_INTERNAL_TASK_VERSION",
  "FLYTE_EXECUTION_URL",
  "FLYTE_K8S_ARRAY_INDEX",
];

/** Whether a variable of this name is ours to set, in every container or in some. */
export function isReservedVariable(name: string): boolean {
  return ALWAYS.includes(name) || name.startsWith("FLYTE_SECRETS_") || name.startsWith("FLYTEOPS_");
}

/** The same in every attempt (of an item): what an outside system may be given as an idempotency key. */
export function actionKey({ identity, map }: BuildContext): string {
  return map === undefined ? `${identity.runUid}/${identity.action}` : `${identity.runUid}/${identity.action}/${map.number}`;
}

function reserved(context: BuildContext): Record<string, string | undefined> {
  const { identity, recipe, map, config } = context;
  const index = map === undefined ? undefined : String(map.number);
  const { project, domain, run } = identity;
  return {
    FLYTEOPS_INPUTS: recipe.data.inputPath,
    FLYTEOPS_OUTPUTS: recipe.data.outputPath,
    FLYTEOPS_CODE: context.code && CODE_PATH,
    FLYTEOPS_RAW_OUTPUT_URI: context.data.rawUri,
    FLYTEOPS_PROGRESS: `${recipe.data.outputPath}/.progress`,
    FLYTEOPS_ACTION_KEY: actionKey(context),
    FLYTEOPS_NODE: identity.node,
    FLYTEOPS_REVISION: identity.revision,
    FLYTEOPS_MAX_ATTEMPTS: String(context.maxAttempts),
    FLYTEOPS_DEADLINE: context.deadline,
    FLYTEOPS_MAP_INDEX: index,
    FLYTE_K8S_ARRAY_INDEX: index,
    RUN_NAME: run,
    ACTION_NAME: identity.action,
    FLYTE_ATTEMPT_NUMBER: String(context.attempt),
    FLYTE_INTERNAL_EXECUTION_ID: run,
    FLYTE_INTERNAL_EXECUTION_PROJECT: project,
    FLYTE_INTERNAL_EXECUTION_DOMAIN: domain,
    FLYTE_INTERNAL_EXECUTION_WORKFLOW: recipe.workflow === "" ? undefined : `${project}:${domain}:${recipe.workflow}`,
    FLYTE_INTERNAL_TASK_PROJECT: recipe.id.project,
    FLYTE_INTERNAL_TASK_DOMAIN: recipe.id.domain,
    FLYTE_INTERNAL_TASK_NAME: recipe.id.name,
    FLYTE_INTERNAL_TASK_VERSION: recipe.id.version,
    FLYTE_EXECUTION_URL: config.consoleUrl === undefined ? undefined : `${config.consoleUrl}/${project}/${domain}/${run}`,
    FLYTE_SECRETS_ENV_PREFIX: SECRETS_ENV_PREFIX,
    FLYTE_SECRETS_DEFAULT_DIR: SECRETS_DIRECTORY,
    FLYTE_SECRETS_FILE_PREFIX: "",
  };
}

/**
 * The variables of the user's container. Ours come first, so that the user's may refer to them as `$(FLYTEOPS_INPUTS)`,
 * and theirs of the same names are left out: they cannot be overridden. The run's win over the task's.
 */
export function environmentOf(context: BuildContext, taskEnv: readonly EnvEntry[], secretEnv: readonly EnvEntry[]): EnvEntry[] {
  const ours = Object.entries(reserved(context)).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: escapeDollars(value) }]));
  const theirs = new Map<string, EnvEntry>();
  for (const entry of [...taskEnv, ...Object.entries(context.env).map(([name, value]) => ({ name, value })), ...secretEnv]) {
    if (isReservedVariable(entry.name)) continue;
    theirs.delete(entry.name);
    theirs.set(entry.name, entry);
  }
  return [...ours, ...theirs.values()];
}
