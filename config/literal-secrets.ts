import { fieldsOf, isFields } from "../base/index.ts";

/** One key that is wrong. `path` is dotted, `logger.level`. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** Keys under which Flyte and others write a secret itself, with the key that names its file. */
const INSTEAD: Readonly<Record<string, string>> = {
  "database.postgres.password": "passwordPath",
  "database.postgres.key": "keyPath",
  "storage.connection.access-key": "accessKeyPath",
  "storage.connection.accesskey": "accessKeyPath",
  "storage.connection.secret-key": "secretKeyPath",
  "storage.connection.secretkey": "secretKeyPath",
  "storage.google.json": "jsonPath",
  "storage.azure.key": "keyPath",
  "storage.azure.sas": "keyPath",
};

function walk(value: unknown, path: readonly string[], found: ConfigProblem[]): void {
  for (const [key, item] of Object.entries(fieldsOf(value))) {
    const at = [...path, key];
    const instead = INSTEAD[at.join(".").toLowerCase()];
    if (instead !== undefined)
      found.push({ path: at.join("."), message: `a secret is not written into the configuration: put it into a file and name that with ${instead}` });
    else if (isFields(item)) walk(item, at, found);
  }
}

/** Every secret that stands in a configuration itself. The value is never repeated. */
export function literalSecrets(written: unknown): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  walk(written, [], found);
  return found;
}
