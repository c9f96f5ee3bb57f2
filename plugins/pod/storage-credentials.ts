import { TerminalFailure } from "../../base/index.ts";
import { type EnvEntry, escapeDollars } from "../environment.ts";
import type { BuildContext } from "../plugin.ts";

/**
 * What the copilots are given of the Secret of the object store, by kind of store: the providers' own names, and nothing else that
 * stands in the Secret (a variable such as NODE_OPTIONS would be more than a credential).
 */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  s3: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"],
  gs: ["GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_ENDPOINT", "STORAGE_EMULATOR_HOST"],
  abfs: ["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_ENDPOINT"],
};

function schemesOf({ data, dataPrefixes }: BuildContext): readonly string[] {
  const used = new Set([data.storage, ...dataPrefixes].map((uri) => uri.slice(0, uri.indexOf(":"))));
  return Object.keys(VARIABLES).filter((scheme) => used.has(scheme));
}

/** Variables of the copilots for the stores that this attempt reads and writes; none of them for a directory of the machine. */
export function storageVariables(context: BuildContext): readonly EnvEntry[] {
  const { storageSecret, storageEnv = {} } = context.config;
  const names = schemesOf(context).flatMap((scheme) => VARIABLES[scheme] ?? []);
  return names.flatMap((name): EnvEntry[] => {
    const value = storageEnv[name];
    if (value !== undefined) return [{ name, value: escapeDollars(value) }];
    // Optional, key by key: an identity of the pod needs no key, and the copilot says what it misses.
    return storageSecret === undefined ? [] : [{ name, valueFrom: { secretKeyRef: { name: storageSecret, key: name, optional: true } } }];
  });
}

/** The Secret of the object store opens everybody's data: no task gets it as one of its own. Throws TerminalFailure `SecretNotAllowed`. */
export function refuseStorageSecret({ config, recipe }: BuildContext): void {
  if (config.storageSecret === undefined || !recipe.secrets.some(({ name }) => name === config.storageSecret)) return;
  throw new TerminalFailure("SecretNotAllowed", `the Secret ${config.storageSecret} holds the keys of the object store; a task cannot have it`);
}
