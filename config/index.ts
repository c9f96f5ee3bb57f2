export { type AuthoredConfig, type Config, type ConfigProblem, configSchema, defaultConfig, parseConfig } from "./schema.ts";
