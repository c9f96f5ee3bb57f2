import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { messageOf, TerminalFailure } from "../base/index.ts";

/** What one context of a kubeconfig says, file references made absolute. */
export interface KubeconfigCluster {
  readonly server: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
}

export interface KubeconfigUser {
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  /** Credentials that a program or a cloud's library supplies: left to @kubernetes/client-node. */
  readonly exec?: unknown;
  readonly "auth-provider"?: unknown;
}

export interface KubeconfigContext {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
}

interface Named<Key extends string, Value> {
  readonly entries: (readonly ({ readonly name: string } & Readonly<Record<Key, Value>>)[] | null) | undefined;
}

interface KubeconfigFile {
  readonly "current-context"?: string;
  readonly clusters?: Named<"cluster", KubeconfigCluster>["entries"];
  readonly users?: Named<"user", KubeconfigUser>["entries"];
  readonly contexts?: Named<"context", { cluster: string; user: string; namespace?: string }>["entries"];
}

const FILE_FIELDS = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

function absoluteFiles<T extends object>(value: T | undefined, directory: string): T | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(value).map(([field, said]) => [
    field,
    FILE_FIELDS.includes(field) && typeof said === "string" ? resolve(directory, said) : said,
  ]);
  return Object.fromEntries(entries) as T;
}

async function readKubeconfig(path: string): Promise<{ path: string; file: KubeconfigFile } | undefined> {
  const text = await readFile(path, "utf8").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw new TerminalFailure("KubeconfigUnreadable", `cannot read the kubeconfig ${path}: ${thrown.message}`, { cause: thrown });
  });
  if (text === undefined) return undefined;
  try {
    return { path, file: (parse(text) ?? {}) as KubeconfigFile };
  } catch (thrown) {
    throw new TerminalFailure("KubeconfigInvalid", `the kubeconfig ${path} is not YAML: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/**
 * The chosen context of a list of kubeconfig files (what KUBECONFIG separates by `:`). As kubectl does, the first file
 * that says something wins and absent files are skipped. TerminalFailure when no file or no such context exists.
 */
export async function readKubeconfigContext(paths: readonly string[], wanted?: string): Promise<KubeconfigContext> {
  const found = (await Promise.all(paths.map(readKubeconfig))).filter((file) => file !== undefined);
  if (found.length === 0)
    throw new TerminalFailure("NoKubeconfig", `no kubeconfig found (looked at ${paths.join(", ")}); set KUBECONFIG or start \`flyteops up\``);
  const contextName = wanted ?? found.map(({ file }) => file["current-context"]).find((name) => name);
  const entry = <Value>(pick: (file: KubeconfigFile) => readonly { readonly name: string }[] | null | undefined, field: string, name: string | undefined) => {
    for (const { path, file } of found) {
      const hit = pick(file)?.find((candidate) => candidate.name === name) as Record<string, Value> | undefined;
      if (hit) return absoluteFiles((hit[field] ?? {}) as object, dirname(path)) as Value;
    }
    return undefined;
  };
  const context = entry<{ cluster: string; user: string; namespace?: string }>((file) => file.contexts, "context", contextName);
  const cluster = context && entry<KubeconfigCluster>((file) => file.clusters, "cluster", context.cluster);
  if (contextName === undefined || !cluster?.server) {
    throw new TerminalFailure(
      "KubeconfigContext",
      `the kubeconfig has no usable context ${contextName === undefined ? "(current-context is not set)" : `"${contextName}"`}`,
    );
  }
  const user = entry<KubeconfigUser>((file) => file.users, "user", context?.user) ?? {};
  return { name: contextName, namespace: context?.namespace, cluster, user };
}
