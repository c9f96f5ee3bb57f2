import { copyJson, jsonEqual } from "../../../base/index.ts";
import type { KubeObject, Stored } from "../../../kube/index.ts";
import { keepTimes, trackUpdate } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { fromStored, type ServedKind, toStored } from "../kinds/served-kind.ts";
import { badRequest, conflict, invalid, notFound, staleObject } from "../status.ts";
import { type Entry, objectKey } from "../storage/entry.ts";
import { writeOptions } from "../wire/options.ts";
import { type Call, subjectOf, type Target } from "../wire/target.ts";
import { bodyObject } from "./body.ts";
import { createObject } from "./create.ts";
import { removeNow } from "./remove.ts";
import { refuseInvalid, settleDefaults, writeOf } from "./settle.ts";
import { strategyOf } from "./strategy.ts";

export function keyOfTarget(target: Target): string {
  return objectKey(target.kind.collection, target.kind.namespaced ? target.namespace : "", target.name);
}

/** The real server lets its storage speak here. */
function wrongUid({ kind, namespace, name }: Target, wanted: string, is: string): string {
  const scope = kind.namespaced ? `${namespace}/` : "";
  const key = `/registry/${kind.builtin ? "" : `${kind.group}/`}${kind.plural}/${scope}${name}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${is}`;
}

/** Holds an update against the object it means: uid and resourceVersion, where given, must be those of `live`. */
function checkPreconditions(call: Call, object: KubeObject, live: Stored): void {
  const subject = subjectOf(call.target);
  const { name } = call.target;
  const { uid, resourceVersion } = object.metadata;
  if (uid && uid !== live.metadata.uid) throw conflict(subject, name, wrongUid(call.target, uid, live.metadata.uid));
  if (resourceVersion && resourceVersion !== "0") {
    if (resourceVersion !== live.metadata.resourceVersion) throw staleObject(subject, name);
  } else if (!call.target.kind.unconditionalUpdate) {
    throw invalid({ group: call.target.kind.group, kind: call.target.kind.plural }, name, [
      { reason: "FieldValueInvalid", message: "Invalid value: 0: must be specified for an update", field: "metadata.resourceVersion" },
    ]);
  }
}

/** Identity is the server's: what a client sends for it is ignored. */
function keepIdentity(object: KubeObject, live: Stored): void {
  const { metadata } = object;
  metadata.name = live.metadata.name;
  metadata.uid = live.metadata.uid;
  metadata.resourceVersion = live.metadata.resourceVersion;
  for (const field of ["creationTimestamp", "deletionTimestamp", "generateName"] as const) {
    const value = live.metadata[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
  const grace = live.metadata.deletionGracePeriodSeconds;
  if (grace === undefined) delete metadata.deletionGracePeriodSeconds;
  else metadata.deletionGracePeriodSeconds = grace;
}

/** While an object is being deleted, finalizers may only go. */
function refuseNewFinalizers(kind: ServedKind, object: KubeObject, live: Stored): void {
  if (!live.metadata.deletionTimestamp) return;
  const had = new Set(live.metadata.finalizers ?? []);
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !had.has(finalizer));
  if (added.length === 0) return;
  const list = `[]string{${added.map((one) => JSON.stringify(one)).join(", ")}}`;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  throw invalid(kind, live.metadata.name, [{ reason: "FieldValueForbidden", message, field: "metadata.finalizers" }]);
}

/** True when nothing holds a terminating object any longer. */
function released(kind: ServedKind, object: KubeObject, live: Stored): boolean {
  if (!live.metadata.deletionTimestamp || (object.metadata.finalizers ?? []).length > 0) return false;
  if (Number(live.metadata.deletionGracePeriodSeconds ?? 0) !== 0) return false;
  const spec = object["spec"] as { finalizers?: unknown[] } | undefined;
  return kind.collection !== "/namespaces" || (spec?.finalizers ?? []).length === 0;
}

/**
 * Stores `object` over `live`. Resolves with the stored form, or with undefined when `live` is not the newest state any more
 * (read again and retry). `object` is in the version of the request and the caller's to give away.
 */
export async function replaceObject(core: Core, call: Call, entry: Entry, object: KubeObject, dryRun: boolean): Promise<KubeObject | undefined> {
  const { kind } = call.target;
  const live = fromStored(kind, entry.object) as Stored;
  checkPreconditions(call, object, live);
  keepIdentity(object, live);
  core.admission.update(call, object, live);
  strategyOf(kind).update(core, kind, object, live, call.target.subresource);
  refuseNewFinalizers(kind, object, live);
  refuseInvalid(call.target, object, live);
  const next = toStored(kind, keepTimes(live, object));
  if (released(kind, object, live)) return dryRun ? next : removeNow(core, entry, next);
  if (jsonEqual(next, entry.object)) {
    await core.store.committed(entry);
    return entry.object;
  }
  if (dryRun) return next;
  const written = core.store.put(entry, { ...entry, object: next });
  return written === false ? undefined : (await written).object;
}

async function createByPut(core: Core, call: Call, object: KubeObject, dryRun: boolean): Promise<KubeObject> {
  const { kind, name } = call.target;
  if (!kind.createOnUpdate || call.target.subresource !== "") throw notFound(subjectOf(call.target), name);
  if (object.metadata.uid)
    throw conflict(subjectOf(call.target), name, `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `);
  return createObject(core, call, object, { dryRun });
}

export interface Written {
  readonly object: KubeObject;
  readonly created: boolean;
}

/** PUT to an object, its status or its finalizers. */
export async function update(core: Core, call: Call): Promise<Written> {
  const options = writeOptions(call.query, "UpdateOptions");
  const body = await bodyObject(call, options.fieldValidation);
  const { kind, name } = call.target;
  if (!body.metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (body.metadata.name !== name) throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${name})`);
  settleDefaults(kind, body);
  const write = writeOf(core, call, options.fieldManager);
  for (;;) {
    const entry = core.store.head(keyOfTarget(call.target));
    if (!entry) return { object: await createByPut(core, call, trackUpdate(undefined, body, write), options.dryRun), created: true };
    const tracked = trackUpdate(fromStored(kind, entry.object), copyJson(body), write);
    const stored = await replaceObject(core, call, entry, tracked, options.dryRun);
    if (stored) return { object: stored, created: false };
  }
}
