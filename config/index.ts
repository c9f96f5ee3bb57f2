export { configDocument, configReference } from "./documents.ts";
export type { ConfigProblem } from "./literal-secrets.ts";
export { environmentName } from "./read-environment.ts";
export { type ConfigSources, DEFAULT_FILES, type LoadedConfig, loadConfig, problemLine } from "./load-config.ts";
export { type AuthoredConfig, type Config, configSchema, defaultConfig, parseConfig } from "./schema.ts";
export type { SourcedProblem } from "./settings-of-text.ts";
export { type LiveConfig, liveConfig, type LiveConfigDeps } from "./live-config.ts";
