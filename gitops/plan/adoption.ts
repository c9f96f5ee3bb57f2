import type { CheckResult } from "../check/check-result.ts";
import type { RepositoryObject } from "../repository-object.ts";
import type { Inventory, InventoryEntry } from "./inventory.ts";
import type { LiveObjects } from "./plan.ts";
import { runDigest } from "./run-manifest.ts";

/** A Run of the repository that may have been run by another cluster, or before this one forgot: the archive is to be asked. */
export interface AdoptionCandidate {
  readonly object: RepositoryObject;
  /** Digest of what may never change about it. */
  readonly manifest: string;
}

/** Runs that this sync has never made and that are not in the cluster. */
export function adoptionCandidates(checked: CheckResult, inventory: Inventory, live: LiveObjects): AdoptionCandidate[] {
  return checked.objects
    .filter(({ kind, key }) => kind === "Run" && inventory.get(key)?.uid === undefined && live.get(key) === undefined)
    .map((object) => ({ object, manifest: runDigest(object.object) }));
}

/** What the inventory holds of a Run that was run under this uid: it is not run again. */
export function adoptedEntry({ object, manifest }: AdoptionCandidate, uid: string, revision: string): InventoryEntry {
  const { kind, namespace, name, digest, file, position } = object;
  return { kind, namespace, name, uid, digest, revision, source: `${file}:${position.line}`, run: manifest };
}
