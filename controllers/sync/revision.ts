import { digestJson, Failure, parseDuration, RetryableFailure, sha256, TerminalFailure } from "../../base/index.ts";
import type { GitSync } from "../../crds/index.ts";
import {
  type CheckOptions,
  type CheckResult,
  credentialsOf,
  type DefinitionElsewhere,
  type GitCredentials,
  type GitRemote,
  repositoryChecker,
  type RepositoryChecker,
  type RepositoryTree,
  type Revision,
} from "../../gitops/index.ts";
import { ApiError, isNotFound, type KubeObject, Kinds, type ReconcileRun, type Stored } from "../../kube/index.ts";
import type { RunMemory } from "./adopt.ts";
import type { CarryOutDeps } from "./carry-out.ts";
import type { RepositoryFollower } from "./repository-follower.ts";
import { impersonation, type Standing, standingOf, unfinishedParts } from "./standing.ts";

export interface SyncDeps extends CarryOutDeps {
  readonly history: RunMemory;
  readonly remote: GitRemote;
  readonly follower: RepositoryFollower;
}

/** What is kept of one GitSync between passes; losing it costs time only. */
export interface Memory {
  readonly checker: RepositoryChecker;
  /** Of the last check: revision, options and definitions elsewhere. */
  fingerprint: string;
  last: { readonly tree: RepositoryTree; readonly checked: CheckResult } | undefined;
}

export function newMemory(): Memory {
  return { checker: repositoryChecker(), fingerprint: "", last: undefined };
}

/** A failure of the repository, as opposed to one of the cluster. */
export class SourceFailure extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

function ofSource(thrown: unknown): never {
  throw thrown instanceof Failure ? new SourceFailure(thrown) : thrown;
}

const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 300_000;

export function intervalOf(sync: Stored<GitSync>): number {
  return parseDuration(sync.spec.interval) ?? DEFAULT_INTERVAL_MS;
}

/** What this GitSync may do. Throws NotImplemented, NotAllowed (terminal), ServiceAccountMissing (retryable): nothing is fetched or written then. */
export async function admitted(deps: SyncDeps, sync: Stored<GitSync>): Promise<Standing> {
  const missing = unfinishedParts(sync);
  if (missing !== undefined) throw new TerminalFailure("NotImplemented", missing);
  const namespace = sync.metadata.namespace ?? "";
  const standing = standingOf(sync, deps.view.namespaceObject(namespace));
  await deps.client.get(Kinds.ServiceAccount, { namespace, name: standing.account }).catch((thrown: unknown) => {
    if (!isNotFound(thrown)) throw thrown;
    throw new RetryableFailure(
      "ServiceAccountMissing",
      `there is no ServiceAccount ${standing.account} in namespace ${namespace}: nothing is written until there is`,
    );
  });
  return standing;
}

/**
 * What the Secret of the GitSync says, read as its own account: what that account may not see, no repository is fetched with.
 * Read anew for every pass, so that a key that was replaced is used at once. Throws SecretMissing, SecretForbidden, CredentialsUnusable.
 */
async function credentialsFor(deps: SyncDeps, sync: Stored<GitSync>, { account }: Standing): Promise<GitCredentials | undefined> {
  const name = sync.spec.secretRef?.name;
  if (name === undefined) return undefined;
  const { namespace } = sync.metadata;
  const act = impersonation(sync, account);
  const secret = await deps.client
    .get<KubeObject & { data?: Record<string, string> }>(Kinds.Secret, { namespace, name }, { impersonate: act })
    .catch((thrown) => {
      if (isNotFound(thrown))
        throw new RetryableFailure("SecretMissing", `there is no Secret ${name} in namespace ${namespace}: nothing is fetched until there is`);
      if (thrown instanceof ApiError && thrown.code === 403) {
        throw new RetryableFailure(
          "SecretForbidden",
          `${act.user} may not read Secret ${name} in namespace ${namespace}: give it a Role with get on that Secret`,
        );
      }
      throw thrown;
    });
  return credentialsOf(sync.spec.url, name, secret.data ?? {});
}

/** The newest revision, fetched. A local repository is followed from here on. Throws SourceFailure. */
export async function fetched(deps: SyncDeps, sync: Stored<GitSync>, standing: Standing, run: ReconcileRun): Promise<Revision> {
  const { url, ref = {}, timeout, secretRef } = sync.spec;
  try {
    await deps.follower.follow(sync, url);
    const credentials = await credentialsFor(deps, sync, standing);
    const scope = secretRef === undefined ? "" : sync.metadata.uid;
    return await deps.remote.resolve({ url, ref, credentials, scope, timeoutMs: parseDuration(timeout) ?? DEFAULT_TIMEOUT_MS, signal: run.signal });
  } catch (thrown) {
    return ofSource(thrown);
  }
}

function optionsOf(sync: Stored<GitSync>, { tenant }: Standing): CheckOptions {
  const { path, include } = sync.spec;
  return { path, include, ...(tenant ? { tenant } : {}) };
}

function fingerprintOf(revision: Revision, options: CheckOptions, elsewhere: readonly DefinitionElsewhere[]): string {
  const definitions = sha256(elsewhere.map(({ kind, namespace, name, version }) => `${kind}/${namespace}/${name}=${version}`).join("\n"));
  return digestJson([revision.commit, options, definitions]);
}

/** The revision and what is to be said about it; looked at again only when it, the spec or what it may refer to changed. Throws SourceFailure. */
export async function checkedRevision(
  deps: SyncDeps,
  memory: Memory,
  sync: Stored<GitSync>,
  standing: Standing,
  revision: Revision,
): Promise<{ tree: RepositoryTree; checked: CheckResult }> {
  const options = optionsOf(sync, standing);
  const elsewhere = deps.view.definitionsElsewhere(sync);
  const fingerprint = fingerprintOf(revision, options, elsewhere);
  if (memory.last && memory.fingerprint === fingerprint) return memory.last;
  try {
    const tree = await deps.remote.tree(revision);
    const checked = await memory.checker.check(tree, options, elsewhere);
    [memory.last, memory.fingerprint] = [{ tree, checked }, fingerprint];
    return memory.last;
  } catch (thrown) {
    return ofSource(thrown);
  }
}
