export { containerPlugin } from "./container-plugin.ts";
export { actionKey, CODE_PATH, isReservedVariable, SECRETS_DIRECTORY, SECRETS_ENV_PREFIX } from "./environment.ts";
export {
  type ActionIdentity,
  type AttemptData,
  type AttemptError,
  type Budget,
  type BuildContext,
  type CodeBundle,
  type ContainerResources,
  defaultPluginConfig,
  type Manifest,
  type PhaseContext,
  type PhaseReport,
  type PluginConfig,
  pluginFor,
  type PluginRegistry,
  type ResourceKind,
  type ResourcePlugin,
} from "./plugin.ts";
export { DOWNLOAD, MAIN, SIDECAR } from "./pod/copilot-containers.ts";
export { recipeOfTask, type TaskSource } from "./recipe-of-task.ts";
export { canGrow, effectiveResources, type MemoryGrowth, type TaskQuota } from "./resources.ts";
export { isStampedAlike, labelValue, stamp } from "./stamp.ts";
export {
  type ContainerRecipe,
  decodeTaskTemplate,
  DEFAULT_INPUT_PATH,
  DEFAULT_OUTPUT_PATH,
  encodeTaskTemplate,
  type SecretRecipe,
  type TaskRecipe,
} from "./task-recipe.ts";
