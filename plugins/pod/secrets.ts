import { shortHash } from "../../base/index.ts";
import { type EnvEntry, SECRETS_DIRECTORY, SECRETS_ENV_PREFIX } from "../environment.ts";
import type { SecretRecipe } from "../task-recipe.ts";

/** How secrets reach the user's container. Only references: no value of a secret is ever in a pod's spec. */
export interface SecretWiring {
  readonly env: readonly EnvEntry[];
  readonly envFrom: readonly Readonly<Record<string, unknown>>[];
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
  readonly mounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly: true }[];
}

const READ_BY_ALL = 0o444;

const variableWord = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9_]/g, "_");

/** `as` without a mount means a variable; nothing said means a file. */
function isVariable({ mount, as }: SecretRecipe): boolean {
  return mount === "env" || (mount === undefined && as !== undefined);
}

function variablesOf({ name, key, as }: SecretRecipe): EnvEntry[] {
  if (key === undefined) return [];
  const valueFrom = { secretKeyRef: { name, key } };
  const flyteName = `${SECRETS_ENV_PREFIX}${variableWord(name)}_${variableWord(key)}`;
  return [...(as === undefined ? [] : [{ name: as, valueFrom }]), { name: flyteName, valueFrom }];
}

/** One volume per Secret: all of it when any entry asks for all, else the named keys. */
function fileVolume(name: string, entries: readonly SecretRecipe[]) {
  const keys = entries.every(({ key }) => key !== undefined) ? [...new Set(entries.map(({ key }) => key ?? ""))].sort() : undefined;
  const items = keys?.map((key) => ({ key, path: key }));
  return { name: `secret-${shortHash(name)}`, secret: { secretName: name, defaultMode: READ_BY_ALL, ...(items ? { items } : {}) } };
}

export function wireSecrets(secrets: readonly SecretRecipe[]): SecretWiring {
  const variables = secrets.filter(isVariable);
  const files = secrets.filter((secret) => !isVariable(secret));
  const names = [...new Set(files.map(({ name }) => name))].sort();
  return {
    env: variables.flatMap(variablesOf),
    envFrom: variables
      .filter(({ key }) => key === undefined)
      .map(({ name }) => ({ secretRef: { name }, prefix: `${SECRETS_ENV_PREFIX}${variableWord(name)}_` })),
    volumes: names.map((name) =>
      fileVolume(
        name,
        files.filter((file) => file.name === name),
      ),
    ),
    mounts: names.map((name) => ({ name: `secret-${shortHash(name)}`, mountPath: `${SECRETS_DIRECTORY}/${name}`, readOnly: true })),
  };
}
