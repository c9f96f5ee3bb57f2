import { type Outcome, settled, waiting } from "../../base/index.ts";
import type { GitSync } from "../../crds/index.ts";
import { type CheckResult, type RepositoryTree } from "../../gitops/index.ts";
import { isNotFound, Kinds, type ReconcileRun, type Stored } from "../../kube/index.ts";
import { carryOut } from "./carry-out.ts";
import { planned } from "./planned.ts";
import type { SyncDeps } from "./revision.ts";
import { impersonation, standingOf } from "./standing.ts";

const RETRY_MS = 5_000;

/** A repository without anything: everything in the inventory has left it. */
const NOTHING: CheckResult = { objects: [], problems: [], held: new Set(), brokenFiles: new Set(), files: new Set(), ignored: 0 };

const noTree: RepositoryTree = {
  revision: "",
  list: () => Promise.resolve([]),
  entry: () => Promise.resolve(undefined),
  read: () => Promise.reject(new Error("a GitSync that is deleted reads nothing")),
  stream: () => {
    throw new Error("a GitSync that is deleted reads nothing");
  },
};

/**
 * The end of a GitSync. With `prune` what it applied goes with it, as if the repository were empty: unfinished Runs are let go and finish. A suspended one
 * leaves everything, as does one that has lost its account or its namespace: what cannot be removed with the rights of the account is not removed with ours.
 */
export async function dismantle(deps: SyncDeps, sync: Stored<GitSync>, run: ReconcileRun): Promise<Outcome> {
  if (!sync.spec.prune || sync.spec.suspend) return settled();
  const account = await accountOf(deps, sync);
  if (account === undefined) {
    run.logger.info("GitSync deleted without its account: what it applied stays", { inventory: (await deps.inventories.load(sync)).size });
    return settled();
  }
  const inventory = await deps.inventories.load(sync);
  const plan = await planned(deps.view, NOTHING, inventory, { sync, revision: "" });
  const outcome = await carryOut(deps, plan, { sync, tree: noTree, impersonate: impersonation(sync, account), signal: run.signal });
  if (outcome.failed > 0) return waiting("PruneFailed", outcome.problems[0]?.message ?? "objects that could not be removed", RETRY_MS);
  return settled();
}

async function accountOf(deps: SyncDeps, sync: Stored<GitSync>): Promise<string | undefined> {
  const namespace = sync.metadata.namespace ?? "";
  const found = deps.view.namespaceObject(namespace);
  if (!found || found.metadata.deletionTimestamp !== undefined) return undefined;
  try {
    const { account } = standingOf(sync, found);
    await deps.client.get(Kinds.ServiceAccount, { namespace, name: account });
    return account;
  } catch (thrown) {
    if (isNotFound(thrown) || (thrown as { reason?: unknown }).reason === "NotAllowed") return undefined;
    throw thrown;
  }
}
