import type { KubeObject, Stored } from "../../../kube/index.ts";
import type { Core } from "../core.ts";
import type { Entry } from "../storage/entry.ts";

/** Deletes for good. Resolves with `last`, the state to answer with; undefined when `entry` is not the newest state any more. */
export async function removeNow(core: Core, entry: Entry, last: KubeObject = entry.object): Promise<KubeObject | undefined> {
  const removed = core.store.remove(entry);
  if (removed === false) return undefined;
  await removed;
  return last as Stored;
}
