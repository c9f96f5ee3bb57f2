import { Failure, placeOf } from "../../base/index.ts";
import type { GitSync } from "../../crds/index.ts";
import { adoptedEntry, type AdoptionCandidate, adoptionCandidates, type CheckResult, type InventoryEntry } from "../../gitops/index.ts";
import type { ReconcileRun, Stored } from "../../kube/index.ts";
import type { ManifestName, RunHistory } from "../../records/index.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { InventoryStore } from "./inventory-store.ts";

/** What knows which Runs have ever been. */
export type RunMemory = Pick<RunHistory, "uidsOf">;

export interface AdoptDeps {
  readonly view: ClusterView;
  readonly inventories: InventoryStore;
  readonly history: RunMemory;
}

/** Keys of Runs that must wait, with why. */
export type HeldRuns = ReadonlyMap<string, string>;

const NONE: HeldRuns = new Map();

function manifestName({ object, manifest }: AdoptionCandidate): ManifestName {
  return { ...placeOf(object.namespace), name: object.name, manifest };
}

/**
 * With `runs: Adopt`, takes Runs that the archive has into the inventory, as if this sync had run them. While the archive cannot be asked, those that may be
 * in it wait: to run twice what has run would be worse than to run it later.
 */
export async function adoptRuns(deps: AdoptDeps, sync: Stored<GitSync>, checked: CheckResult, revision: string, run: ReconcileRun): Promise<HeldRuns> {
  if (sync.spec.runs !== "Adopt") return NONE;
  const candidates = adoptionCandidates(checked, await deps.inventories.load(sync), { get: (key) => deps.view.cached(key) });
  if (candidates.length === 0) return NONE;
  try {
    const uids = await deps.history.uidsOf(candidates.map(manifestName));
    const found = candidates.flatMap((candidate, index): (readonly [string, InventoryEntry])[] => {
      const uid = uids[index];
      return uid === undefined ? [] : [[candidate.object.key, adoptedEntry(candidate, uid, revision)]];
    });
    await deps.inventories.write(sync, new Map(found));
    if (found.length > 0)
      run.event({ type: "Normal", reason: "Adopted", message: `${found.length} Runs have run before, as the archive says: they are not run again` });
    return NONE;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.reason !== "RecordsUnavailable") throw thrown;
    run.logger.info("Runs wait for the archive", { error: thrown.message });
    return new Map(candidates.map(({ object }) => [object.key, `the archive, which says whether Run ${object.name} has run before`]));
  }
}
