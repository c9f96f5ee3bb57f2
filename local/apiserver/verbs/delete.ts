import type { ApiStatus, KubeObject, Stored } from "../../../kube/index.ts";
import type { Core } from "../core.ts";
import { fromStored, toStored } from "../kinds/served-kind.ts";
import { conflict, notFound } from "../status.ts";
import type { Entry } from "../storage/entry.ts";
import { type Call, subjectOf, type Target } from "../wire/target.ts";
import { admitDelete } from "./admit.ts";
import { type DeleteOptions, deleteOptions } from "./delete-options.ts";
import { markTerminating } from "./grace.ts";
import { removeNow } from "./remove.ts";
import { keyOfTarget } from "./update.ts";

export interface Deleted {
  /** Gone for good, as opposed to marked. */
  readonly gone: boolean;
  /** The stored form of the object in its last, or its marked, state. */
  readonly object: KubeObject;
}

function checkPreconditions(target: Target, live: Stored, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions;
  const subject = { ...subjectOf(target), plural: target.kind.kind };
  const why = (what: string, wanted: string, is: string) => `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${is}). `;
  if (uid !== undefined && uid !== live.metadata.uid)
    throw conflict(subject, target.name, `${why("UID", uid, live.metadata.uid)}The object might have been deleted and then recreated`);
  if (resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion)
    throw conflict(subject, target.name, `${why("ResourceVersion", resourceVersion, live.metadata.resourceVersion)}The object might have been modified`);
}

/** One attempt; undefined when the object changed meanwhile. */
async function attempt(core: Core, target: Target, entry: Entry, options: DeleteOptions): Promise<Deleted | undefined> {
  const { kind } = target;
  const live = fromStored(kind, entry.object) as Stored;
  checkPreconditions(target, live, options);
  const marked = markTerminating(core, kind, live, options);
  if (marked.kind === "pending") {
    await core.store.committed(entry);
    return { gone: false, object: entry.object };
  }
  if (marked.kind === "remove") {
    const last = toStored(kind, marked.object);
    if (options.dryRun) return { gone: true, object: last };
    const object = await removeNow(core, entry, last);
    return object && { gone: true, object };
  }
  const next = toStored(kind, marked.object);
  if (options.dryRun) return { gone: false, object: next };
  const written = core.store.put(entry, { ...entry, object: next });
  return written === false ? undefined : { gone: false, object: (await written).object };
}

/** Deletes or marks one object. Throws 404 and 409. */
export async function deleteTarget(core: Core, target: Target, options: DeleteOptions): Promise<Deleted> {
  admitDelete(target);
  for (;;) {
    const entry = core.store.head(keyOfTarget(target));
    if (!entry) throw notFound(subjectOf(target), target.name);
    const deleted = await attempt(core, target, entry, options);
    if (deleted) return deleted;
  }
}

/** The answer for an object that is gone and whose kind does not show it again. */
export function goneStatus(target: Target, object: KubeObject): Omit<ApiStatus, "code"> {
  const { kind } = target;
  const details = { name: target.name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural, uid: object.metadata.uid ?? "" };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** DELETE of one object. */
export async function remove(core: Core, call: Call): Promise<Deleted> {
  return deleteTarget(core, call.target, await deleteOptions(call));
}
