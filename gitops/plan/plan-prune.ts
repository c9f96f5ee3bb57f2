import { ANNOTATION } from "../../base/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { CheckResult } from "../check/check-result.ts";
import type { Inventory, InventoryEntry } from "./inventory.ts";
import { ownerOf, type Self } from "./ownership.ts";
import { isFinished } from "./run-manifest.ts";

/** What becomes of an object whose manifest left the repository. */
export type Removal =
  | { readonly kind: "delete"; readonly entry: InventoryEntry; readonly uid: string }
  /** Our labels go, the object stays; a Run may be asked to stop first. */
  | { readonly kind: "release"; readonly entry: InventoryEntry; readonly uid: string; readonly abort: boolean }
  /** Only the inventory forgets it: it is gone, or was never or is no longer ours. */
  | { readonly kind: "forget"; readonly entry: InventoryEntry };

/** Entries whose manifests are not in this revision, as far as it can be known: what stands in a file that cannot be read is not known. */
export function departed(inventory: Inventory, checked: Pick<CheckResult, "objects" | "held" | "brokenFiles" | "files">): InventoryEntry[] {
  const present = new Set(checked.objects.map(({ key }) => key));
  const absent = [...inventory].flatMap(([key, entry]) => (present.has(key) || checked.held.has(key) ? [] : [entry]));
  if (absent.length === 0 || checked.brokenFiles.size === 0) return absent;
  const fileOf = ({ source = "" }: InventoryEntry) => source.replace(/:[0-9]+$/, "");
  const known = new Set([...inventory.values()].map(fileOf));
  // A broken file that nothing came from so far may be an old one under a new name.
  const newBroken = [...checked.brokenFiles].some((file) => !known.has(file));
  return absent.filter((entry) => !checked.brokenFiles.has(fileOf(entry)) && !(newBroken && !checked.files.has(fileOf(entry))));
}

/** Plans the end of one object. Undefined while it is being deleted already. Never touches what is not ours by uid and label. */
export function planRemoval(entry: InventoryEntry, live: Stored | undefined, self: Self, prune: boolean): Removal | undefined {
  const isOurs = live !== undefined && (entry.uid === undefined || entry.uid === live.metadata.uid) && ownerOf(live, self).kind === "us";
  if (!isOurs || !prune) return { kind: "forget", entry };
  const { uid } = live.metadata;
  if (live.metadata.deletionTimestamp !== undefined) return undefined;
  if (entry.kind !== "Run" || isFinished(live)) return { kind: "delete", entry, uid };
  return { kind: "release", entry, uid, abort: live.metadata.annotations?.[ANNOTATION.onRemove] === "Abort" };
}
