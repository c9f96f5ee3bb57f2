import { copyJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { builtinSchema, trackUpdate, validateBuiltin } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { ageOf } from "../wire/age.ts";
import { NAME_COLUMN } from "../kinds/custom-columns.ts";
import { fieldAt } from "../kinds/scale-paths.ts";
import { fromStored, type ScalePaths, type ServedKind } from "../kinds/served-kind.ts";
import { badRequest, conflict, invalid, notFound, notServed, staleObject, unexplained, unsupportedMediaType } from "../status.ts";
import type { Entry } from "../storage/entry.ts";
import { checkSize, mediaType, parseJsonText } from "../wire/decode.ts";
import { writeOptions } from "../wire/options.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { bodyObject, checkIdentity, checkPatchedName } from "./body.ts";
import { jsonPatched } from "./json-patch.ts";
import { mergeInto } from "./merge.ts";
import { writeOf } from "./settle.ts";
import { keyOfTarget, replaceObject } from "./update.ts";

const GROUP = "autoscaling";

/** autoscaling/v1 Scale: the shape in which every scalable kind shows its numbers. */
export const SCALE_KIND: ServedKind = {
  group: GROUP,
  version: "v1",
  kind: "Scale",
  plural: "scales",
  singular: "scale",
  shortNames: [],
  categories: [],
  namespaced: true,
  listKind: "ScaleList",
  apiVersion: `${GROUP}/v1`,
  collection: "",
  storedAs: { apiVersion: `${GROUP}/v1`, kind: "Scale" },
  builtin: true,
  get schema() {
    const schema = builtinSchema(GROUP, "v1", "Scale");
    if (!schema) throw new Error("no schema of Scale");
    return schema;
  },
  subresources: [],
  counted: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  returnsDeleted: false,
  columns: [
    NAME_COLUMN,
    { name: "Desired", type: "integer", priority: 0, cell: (object) => fieldAt(object, ["spec", "replicas"]) ?? 0 },
    { name: "Available", type: "integer", priority: 0, cell: (object) => fieldAt(object, ["status", "replicas"]) ?? 0 },
    { name: "Age", type: "string", priority: 0, cell: (object, now) => ageOf(object.metadata.creationTimestamp, now) },
  ],
  selectableFields: new Map(),
};

function pathsOf(call: Call): ScalePaths {
  const { scale } = call.target.kind;
  if (!scale) throw notServed();
  return scale;
}

function scaleOf(kind: ServedKind, paths: ScalePaths, stored: KubeObject): KubeObject {
  const object = fromStored(kind, stored);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const wanted = fieldAt(object, paths.spec);
  if (wanted === undefined && paths.strict) throw unexplained(500, `the spec replicas field ${JSON.stringify(`.${paths.spec.join(".")}`)} does not exist`);
  const selector = paths.selector(object);
  return {
    kind: "Scale",
    apiVersion: SCALE_KIND.apiVersion,
    metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp } as KubeObject["metadata"],
    spec: wanted === 0 || wanted === undefined ? {} : { replicas: wanted },
    status: { replicas: fieldAt(object, paths.status) ?? 0, ...(selector ? { selector } : {}) },
  };
}

function entryOf(core: Core, call: Call, read: "get" | "head"): Entry {
  const entry = core.store[read](keyOfTarget(call.target));
  if (!entry) throw notFound(subjectOf(call.target), call.target.name);
  return entry;
}

/** GET …/scale */
export function getScale(core: Core, call: Call): KubeObject {
  return scaleOf(call.target.kind, pathsOf(call), entryOf(core, call, "get").object);
}

/** The object with a field set, the maps on the way made where they are missing. */
function withField(object: KubeObject, path: readonly string[], value: unknown): KubeObject {
  const copy = copyJson(object);
  let at: Record<string, unknown> = copy;
  for (const step of path.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
  return copy;
}

/** Writes what a Scale says to the object it speaks of; undefined when that changed meanwhile. */
async function writeScale(core: Core, call: Call, entry: Entry, scale: KubeObject, dryRun: boolean, manager: string): Promise<KubeObject | undefined> {
  const { kind, name } = call.target;
  const { uid, resourceVersion } = scale.metadata;
  const live = fromStored(kind, entry.object);
  if (uid && uid !== live.metadata.uid)
    throw conflict(subjectOf(call.target), name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid ?? ""}`);
  if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) throw staleObject(subjectOf(call.target), name);
  const causes = validateBuiltin(SCALE_KIND, scale, undefined);
  if (causes.length > 0) throw invalid(SCALE_KIND, name, causes);
  const next = withField(live, pathsOf(call).spec, fieldAt(scale, ["spec", "replicas"]) ?? 0);
  return replaceObject(core, call, entry, trackUpdate(live, next, writeOf(core, call, manager)), dryRun);
}

const scaleCall = (call: Call): Call => ({ ...call, target: { ...call.target, kind: SCALE_KIND } });

/** PUT …/scale */
export async function updateScale(core: Core, call: Call): Promise<KubeObject> {
  const options = writeOptions(call.query, "UpdateOptions");
  const scale = await bodyObject(scaleCall(call), options.fieldValidation);
  if (!scale.metadata.name) throw badRequest(`the name of the object (${call.target.name} based on URL) was undeterminable: name must be provided`);
  checkPatchedName(scale, call.target);
  for (;;) {
    const stored = await writeScale(core, call, entryOf(core, call, "head"), copyJson(scale), options.dryRun, options.fieldManager);
    if (stored) return scaleOf(call.target.kind, pathsOf(call), stored);
  }
}

const PATCHES = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"];

function patchedScale(type: string, live: KubeObject, patch: unknown): KubeObject {
  if (type === PATCHES[0]) return jsonPatched(live, patch);
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) throw badRequest("error decoding patch: it is not an object");
  return copyJson(mergeInto(live, patch)) as KubeObject;
}

/** PATCH …/scale. A Scale has no lists, so that strategic and merge patches do the same; server-side apply of one is not offered. */
export async function patchScale(core: Core, call: Call): Promise<KubeObject> {
  const type = mediaType(call.headers["content-type"]);
  if (!PATCHES.includes(type)) throw unsupportedMediaType(PATCHES);
  const options = writeOptions(call.query, "PatchOptions");
  checkSize(call.body);
  const patch = parseJsonText(Buffer.from(call.body).toString("utf8"));
  for (;;) {
    const entry = entryOf(core, call, "head");
    const live = scaleOf(call.target.kind, pathsOf(call), entry.object);
    const scale = patchedScale(type, live, patch);
    checkIdentity(scale, scaleCall(call).target);
    checkPatchedName(scale, call.target);
    const stored = await writeScale(core, call, entry, scale, options.dryRun, options.fieldManager);
    if (stored) return scaleOf(call.target.kind, pathsOf(call), stored);
  }
}
