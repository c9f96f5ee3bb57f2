import { copyJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { applyPatch } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { fromStored } from "../kinds/served-kind.ts";
import { badRequest, conflict, failure, invalid, notFound, unexplained } from "../status.ts";
import type { Entry } from "../storage/entry.ts";
import { type Decoded, objectOf } from "../wire/decode.ts";
import type { WriteOptions } from "../wire/options.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { checkIdentity, checkPatchedName, refuseOtherUid, reportDuplicates } from "./body.ts";
import { createObject } from "./create.ts";
import { settleDefaults, writeOf } from "./settle.ts";
import { keyOfTarget, replaceObject, type Written } from "./update.ts";

/** What the apply makes of the live object. Throws 409 with the fields that others own. */
function applied(core: Core, call: Call, live: KubeObject | undefined, object: KubeObject, options: WriteOptions): KubeObject {
  const result = applyPatch(live, object, { ...writeOf(core, call, options.fieldManager), force: options.force });
  if (result.kind === "applied") return result.object;
  if (result.kind === "conflicts") {
    const causes = result.conflicts.map((one) => ({ reason: "FieldManagerConflict", message: one.message, field: one.field }));
    throw failure(409, "Conflict", result.message, { causes });
  }
  if (result.status === 500) throw unexplained(500, result.message);
  throw failure(result.status, result.status === 400 ? "BadRequest" : "Invalid", result.message);
}

async function applyToNothing(core: Core, call: Call, object: KubeObject, options: WriteOptions): Promise<Written> {
  const { name, subresource, kind, namespace } = call.target;
  if (subresource !== "") throw notFound(subjectOf(call.target), name);
  if (!object.metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  const { uid } = object.metadata;
  if (uid) throw conflict(subjectOf(call.target), name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  const created = copyJson(applied(core, call, undefined, object, options));
  if (kind.namespaced) created.metadata.namespace = namespace;
  delete created.metadata.resourceVersion;
  return { object: await createObject(core, call, created, options), created: true };
}

async function applyOver(core: Core, call: Call, entry: Entry, object: KubeObject, options: WriteOptions): Promise<KubeObject | undefined> {
  const merged = copyJson(applied(core, call, fromStored(call.target.kind, entry.object), object, options));
  settleDefaults(call.target.kind, merged);
  refuseOtherUid(call.target, merged, entry.object);
  return replaceObject(core, call, entry, merged, options.dryRun);
}

/** `apps/v1, Kind=Deployment` */
function gvkText({ apiVersion, kind }: KubeObject): string {
  const [group = "", version = ""] = apiVersion?.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return `${group}/${version}, Kind=${kind ?? ""}`;
}

/** The configuration that was sent, of this kind and name. A namespace it does not say stays unsaid: nobody owns it. */
function configuration(call: Call, decoded: Decoded): KubeObject {
  const { kind } = call.target;
  const object = objectOf(decoded.value, kind.kind);
  if (!object.kind || !object.apiVersion) throw badRequest(`invalid object type: ${gvkText(object)}`);
  if (kind.builtin && object.kind !== kind.kind) throw badRequest(`invalid object type: ${gvkText(object)}`);
  const silent = !object.metadata.namespace;
  checkIdentity(object, call.target);
  if (silent) delete object.metadata.namespace;
  if (object.metadata.name) checkPatchedName(object, call.target);
  return object;
}

function fieldManagerRequired(): Error {
  const cause = { reason: "FieldValueRequired", message: "Required value: is required for apply patch", field: "fieldManager" };
  return invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [cause]);
}

/** Server-side apply: creates what is not there, and retries by itself when another write came in between. */
export async function apply(core: Core, call: Call, decoded: Decoded, options: WriteOptions): Promise<Written> {
  if (options.fieldManager === "") throw fieldManagerRequired();
  const object = configuration(call, decoded);
  reportDuplicates(decoded.duplicates, options.fieldValidation, call.warnings);
  for (;;) {
    const entry = core.store.head(keyOfTarget(call.target));
    if (!entry) return applyToNothing(core, call, copyJson(object), options);
    const stored = await applyOver(core, call, entry, copyJson(object), options);
    if (stored) return { object: stored, created: false };
  }
}
