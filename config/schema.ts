import { type Authored, checkerOfShape, fillDefaults, object, type Parsed } from "../schema/index.ts";
import { databaseSection } from "./database-section.ts";
import { type ConfigProblem, literalSecrets } from "./literal-secrets.ts";
import { kubeClientSection, loggerSection, otelSection, serverSection } from "./signals-section.ts";
import { storageSection } from "./storage-section.ts";
import { controllerSection, gitopsSection, pluginsSection } from "./work-section.ts";

/** The whole configuration of an installation: the one place where a key, its default, its meaning and its limits are said. */
export const configSchema = object({
  logger: loggerSection.default({}).doc("Log lines."),
  otel: otelSection.default({}).doc("Traces."),
  server: serverSection.default({}).doc("Health and metrics, plain HTTP on the pod's address."),
  database: databaseSection.default({}).doc("PostgreSQL, for what outlives the resources."),
  storage: storageSection.default({}).doc("The object store, for data and code."),
  controller: controllerSection.default({}).doc("The controllers of this program and how replicas share the work."),
  kubeClient: kubeClientSection.default({}).doc("How hard the Kubernetes API is asked."),
  plugins: pluginsSection.default({}).doc("What pods look like."),
  gitops: gitopsSection.default({}).doc("Repositories."),
});

/** What the program reads: every default filled in. */
export type Config = Parsed<typeof configSchema>;
/** What people write. */
export type AuthoredConfig = Authored<typeof configSchema>;

const check = checkerOfShape(configSchema, "the configuration");

/** Checks a configuration as written and fills its defaults. `config` is what to use only when there are no problems. */
export function parseConfig(written: unknown): { readonly config: Config; readonly problems: readonly ConfigProblem[] } {
  const secrets = literalSecrets(written);
  const named = new Set(secrets.map(({ path }) => path));
  const problems = check(written).map(({ path, message }) => ({ path: path.join("."), message }));
  return {
    config: fillDefaults(configSchema.node, written ?? {}) as Config,
    problems: [...secrets, ...problems.filter(({ path }) => !named.has(path))],
  };
}

/** What holds where nothing is written. */
export const defaultConfig: Config = fillDefaults(configSchema.node, {}) as Config;
