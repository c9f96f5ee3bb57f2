import { jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { union } from "./field-set.ts";
import { resourceType } from "./field-type.ts";
import { asksForReset, capUpdaters, decodeManagers, encodeManagers, identity, type Manager, type Managers, timeOf, withoutIdle } from "./managers.ts";
import { comparison, conflictsOf, metadataOf, ownable, takeFrom, withManagedFields, type Write, writerOf } from "./own.ts";
import { skeletonOf } from "./skeleton.ts";

const NOBODY: Managers = new Map();

/** The request may carry managers of its own: `[]` forgets all, entries that can be read replace the stored ones. */
function managersBefore(live: KubeObject | undefined, updated: KubeObject, write: Write): Managers {
  const stored = decodeManagers(metadataOf(live)["managedFields"]) ?? NOBODY;
  if (write.subresource !== "") return stored;
  const sent = metadataOf(updated)["managedFields"];
  if (asksForReset(sent)) return NOBODY;
  const managers = decodeManagers(sent);
  return managers && managers.size > 0 ? managers : stored;
}

/** Credits `manager` with what differs between two objects. */
export function creditUpdate(managers: Managers, before: unknown, after: unknown, write: Write, manager: Manager): Managers {
  const changes = comparison(write, resourceType(write.schema), before, after);
  const others = takeFrom(managers, "", changes, conflictsOf(managers, "", changes));
  const written = ownable(union(changes.modified, changes.added));
  if (written.members.size === 0 && written.children.size === 0) return others;
  const id = identity(manager);
  const previous = others.get(id);
  const credited: Manager = { ...manager, time: timeOf(write.now), fields: previous ? union(written, previous.fields) : written };
  return withoutIdle(new Map([...others, [id, credited]]));
}

/** Live's managers when only times would differ: a write that changes nothing must not look like one. */
export function keepTimes(live: KubeObject | undefined, object: KubeObject): KubeObject {
  const before = metadataOf(live)["managedFields"];
  const after = metadataOf(object)["managedFields"];
  if (!live || !Array.isArray(before) || !Array.isArray(after) || before.length !== after.length) return object;
  const timeless = (entries: readonly object[]) => entries.map((entry) => ({ ...entry, time: undefined }));
  if (!jsonEqual(timeless(before as object[]), timeless(after as object[]))) return object;
  const settled = withManagedFields(object, before as unknown[]);
  return jsonEqual(settled, live) ? settled : object;
}

/** `updated` with managedFields brought up to date for a create, update, or any patch but apply. */
export function trackUpdate(live: KubeObject | undefined, updated: KubeObject, write: Write): KubeObject {
  const managers = managersBefore(live, updated, write);
  const bare = withManagedFields(updated, undefined);
  if (managers.size === 0 && live) return keepTimes(live, bare);
  const before = live ? withManagedFields(live, undefined) : skeletonOf(write.schema, updated);
  const credited = capUpdaters(creditUpdate(managers, before, bare, write, writerOf(write, "Update")));
  return keepTimes(live, withManagedFields(updated, encodeManagers(credited)));
}
