import fastJsonPatch, { type Operation } from "fast-json-patch";
import { parseJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { applyPatch, strategicMerge, trackUpdate } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { fromStored } from "../kinds/served-kind.ts";
import { badRequest, conflict, failure, invalid, notFound, unsupportedMediaType } from "../status.ts";
import type { Entry } from "../storage/entry.ts";
import { checkSize, type Decoded, mediaType, objectOf, parseJsonText, parseYamlOrJson } from "../wire/decode.ts";
import { duplicateFields } from "../wire/duplicate-fields.ts";
import { type WriteOptions, writeOptions } from "../wire/options.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { checkIdentity, pruneUnknown, reportDuplicates } from "./body.ts";
import { createObject } from "./create.ts";
import { mergeInto } from "./merge.ts";
import { settleDefaults, writeOf } from "./settle.ts";
import { keyOfTarget, replaceObject, type Written } from "./update.ts";

/** Most operations a JSON patch may have. */
const MAX_OPERATIONS = 10_000;

type PatchType = "merge" | "json" | "strategic" | "apply";

const TYPES: ReadonlyMap<string, PatchType> = new Map([
  ["application/merge-patch+json", "merge"],
  ["application/json-patch+json", "json"],
  ["application/strategic-merge-patch+json", "strategic"],
  ["application/apply-patch+yaml", "apply"],
  ["application/apply-patch+json", "apply"],
]);

function patchType(call: Call): PatchType {
  const type = TYPES.get(mediaType(call.headers["content-type"]));
  if (!type || (type === "strategic" && !call.target.kind.builtin)) throw unsupportedMediaType();
  return type;
}

const unprocessable = (): Error => failure(422, "Invalid", "the server rejected our request due to an error in our request", {});

function jsonPatched(live: KubeObject, patch: unknown): KubeObject {
  if (!Array.isArray(patch)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.length > MAX_OPERATIONS)
    throw failure(413, "RequestEntityTooLarge", `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`, {});
  try {
    return fastJsonPatch.applyPatch(structuredClone(live), patch as Operation[], true, true, true).newDocument;
  } catch {
    throw unprocessable();
  }
}

/** Live with the patch in it; always a fresh object. */
function patched(call: Call, type: PatchType, live: KubeObject, patch: unknown): KubeObject {
  if (type === "json") return jsonPatched(live, patch);
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) throw badRequest("the patch is not a JSON object");
  if (type === "merge") return structuredClone(mergeInto(live, patch)) as KubeObject;
  const result = strategicMerge(call.target.kind.schema, live, patch);
  if (result.kind === "invalid") throw result.status === 400 ? badRequest(result.message) : failure(500, "InternalError", result.message);
  return structuredClone(result.object);
}

async function decodedPatch(call: Call, type: PatchType): Promise<Decoded> {
  checkSize(call.body);
  try {
    if (type === "apply") return await parseYamlOrJson(call.body);
    const text = Buffer.from(call.body).toString("utf8");
    return { value: type === "json" ? parseJson(text) : parseJsonText(text), duplicates: duplicateFields(text) };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw badRequest(`error decoding patch: ${thrown.message}`);
    throw thrown;
  }
}

function checkPatchedName(call: Call, object: KubeObject): void {
  const { name } = call.target;
  if (object.metadata.name !== name) throw badRequest(`the name of the object (${object.metadata.name ?? ""}) does not match the name on the URL (${name})`);
}

/** A patch of another object than it means is invalid, where a PUT of one is a conflict. */
function refuseOtherUid(call: Call, object: KubeObject, live: KubeObject): void {
  const { uid } = object.metadata;
  if (!uid || uid === live.metadata.uid) return;
  const cause = { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`, field: "metadata.uid" };
  throw invalid(call.target.kind, call.target.name, [cause]);
}

async function patchLive(core: Core, call: Call, type: PatchType, decoded: Decoded, options: WriteOptions): Promise<Written> {
  const { kind, name } = call.target;
  const write = writeOf(core, call, options.fieldManager);
  for (;;) {
    const entry = core.store.head(keyOfTarget(call.target));
    if (!entry) throw notFound(subjectOf(call.target), name);
    const live = fromStored(kind, entry.object);
    const object = objectOf(patched(call, type, live, decoded.value), kind.kind);
    checkIdentity(object, call.target);
    checkPatchedName(call, object);
    const warnings: string[] = [];
    pruneUnknown(object, call.target, decoded.duplicates, options.fieldValidation, warnings);
    settleDefaults(kind, object);
    refuseOtherUid(call, object, live);
    const stored = await replaceObject(core, call, entry, trackUpdate(live, object, write), options.dryRun);
    if (!stored) continue;
    call.warnings.push(...warnings);
    return { object: stored, created: false };
  }
}

/** What the apply makes of the live object. Throws 409 with the fields that others own. */
function applied(core: Core, call: Call, live: KubeObject | undefined, object: KubeObject, options: WriteOptions): KubeObject {
  const result = applyPatch(live, object, { ...writeOf(core, call, options.fieldManager), force: options.force });
  if (result.kind === "applied") return result.object;
  if (result.kind === "conflicts") {
    const causes = result.conflicts.map((one) => ({ reason: "FieldManagerConflict", message: one.message, field: one.field }));
    throw failure(409, "Conflict", result.message, { causes });
  }
  const reasons = { 400: "BadRequest", 422: "Invalid", 500: "InternalError" } as const;
  throw failure(result.status, reasons[result.status], result.message);
}

async function applyToNothing(core: Core, call: Call, object: KubeObject, options: WriteOptions): Promise<Written> {
  const { name, subresource } = call.target;
  if (subresource !== "") throw notFound(subjectOf(call.target), name);
  const { uid } = object.metadata;
  if (uid) throw conflict(subjectOf(call.target), name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  return { object: await createObject(core, call, applied(core, call, undefined, object, options), options), created: true };
}

async function applyOver(core: Core, call: Call, entry: Entry, object: KubeObject, options: WriteOptions): Promise<KubeObject | undefined> {
  const merged = structuredClone(applied(core, call, fromStored(call.target.kind, entry.object), object, options));
  settleDefaults(call.target.kind, merged);
  refuseOtherUid(call, merged, entry.object);
  return replaceObject(core, call, entry, merged, options.dryRun);
}

async function apply(core: Core, call: Call, decoded: Decoded, options: WriteOptions): Promise<Written> {
  if (options.fieldManager === "") throw fieldManagerRequired();
  const object = objectOf(decoded.value, call.target.kind.kind);
  checkIdentity(object, call.target);
  object.metadata.name ??= call.target.name;
  checkPatchedName(call, object);
  reportDuplicates(decoded.duplicates, options.fieldValidation, call.warnings);
  for (;;) {
    const entry = core.store.head(keyOfTarget(call.target));
    if (!entry) return applyToNothing(core, call, structuredClone(object), options);
    const stored = await applyOver(core, call, entry, structuredClone(object), options);
    if (stored) return { object: stored, created: false };
  }
}

function fieldManagerRequired(): Error {
  const cause = { reason: "FieldValueRequired", message: "Required value: is required for apply patch", field: "fieldManager" };
  return failure(422, "Invalid", `PatchOptions.meta.k8s.io "" is invalid: fieldManager: ${cause.message}`, {
    group: "meta.k8s.io",
    kind: "PatchOptions",
    causes: [cause],
  });
}

/** PATCH of every type. Retries by itself when another write came in between, unless the patch names a resourceVersion. */
export async function patch(core: Core, call: Call): Promise<Written> {
  const type = patchType(call);
  const options = writeOptions(call.query, "PatchOptions");
  const decoded = await decodedPatch(call, type);
  return type === "apply" ? apply(core, call, decoded, options) : patchLive(core, call, type, decoded, options);
}
