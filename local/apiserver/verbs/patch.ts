import { copyJson, parseJson, stringifyJson } from "../../../base/index.ts";
import { ApiError, type KubeObject } from "../../../kube/index.ts";
import { strategicMerge, trackUpdate } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { fromStored } from "../kinds/served-kind.ts";
import { badRequest, invalid, notFound, unexplained, unsupportedMediaType } from "../status.ts";
import { checkSize, type Decoded, mediaType, objectOf, parseJsonText, parseYamlOrJson } from "../wire/decode.ts";
import { duplicatesInJson } from "../wire/duplicates.ts";
import { type WriteOptions, writeOptions } from "../wire/options.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { apply } from "./apply.ts";
import { checkIdentity, checkPatchedName, refuseOtherUid, unknownFields } from "./body.ts";
import { jsonPatched } from "./json-patch.ts";
import { mergeInto } from "./merge.ts";
import { settleDefaults, writeOf } from "./settle.ts";
import { keyOfTarget, replaceObject, type Written } from "./update.ts";

type PatchType = "json" | "merge" | "strategic" | "apply";

const TYPES: ReadonlyMap<string, PatchType> = new Map([
  ["application/json-patch+json", "json"],
  ["application/merge-patch+json", "merge"],
  ["application/strategic-merge-patch+json", "strategic"],
  ["application/apply-patch+yaml", "apply"],
]);

function patchType(call: Call): PatchType {
  const accepted = [...TYPES].filter(([, type]) => type !== "strategic" || call.target.kind.builtin);
  const type = new Map(accepted).get(mediaType(call.headers["content-type"]));
  if (!type) throw unsupportedMediaType(accepted.map(([name]) => name));
  return type;
}

/** Live with the patch in it; always a fresh object. */
function patched(call: Call, type: PatchType, live: KubeObject, patch: unknown): KubeObject {
  if (type === "json") return jsonPatched(live, patch);
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) {
    const what = Array.isArray(patch) ? "array" : typeof patch;
    throw badRequest(`error decoding patch: json: cannot unmarshal ${what} into Go value of type map[string]interface {}`);
  }
  if (type === "merge") return copyJson(mergeInto(live, patch)) as KubeObject;
  const result = strategicMerge(call.target.kind.schema, live, patch);
  if (result.kind === "invalid") throw result.status === 400 ? badRequest(result.message) : unexplained(500, result.message);
  return copyJson(result.object);
}

async function decodedPatch(call: Call, type: PatchType): Promise<Decoded> {
  checkSize(call.body);
  try {
    if (type === "apply") return await parseYamlOrJson(call.body);
    const text = Buffer.from(call.body).toString("utf8");
    return { value: type === "json" ? parseJson(text) : parseJsonText(text), duplicates: duplicatesInJson(text) };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw badRequest(`error decoding ${type === "apply" ? "YAML: error converting YAML to JSON: yaml" : "patch"}: ${thrown.message}`);
  }
}

/** A patch whose result cannot be read is invalid as a patch; the answer shows that result. */
function unreadable(call: Call, type: PatchType, live: KubeObject, patch: unknown, why: string): Error {
  const text = JSON.stringify(stringifyJson(patched(call, type, live, patch)));
  return invalid({ group: "", kind: "" }, "", [{ reason: "FieldValueInvalid", message: `Invalid value: ${text}: ${why}`, field: "patch" }]);
}

/** The patched object, pruned and with its defaults. */
function readPatched(
  call: Call,
  type: PatchType,
  live: KubeObject,
  decoded: Decoded,
  options: WriteOptions,
): { object: KubeObject; warnings: readonly string[] } {
  const { target } = call;
  const object = objectOf(patched(call, type, live, decoded.value), target.kind.kind);
  checkIdentity(object, target);
  checkPatchedName(object, target);
  const unknown = unknownFields(object, target, decoded.duplicates);
  if (unknown.refusals.length > 0 && options.fieldValidation === "Strict")
    throw unreadable(call, type, live, decoded.value, `strict decoding error: ${unknown.refusals.join(", ")}`);
  try {
    settleDefaults(target.kind, object);
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== 400) throw thrown;
    throw unreadable(call, type, live, decoded.value, thrown.message.replace(/^.*? cannot be handled as an? \w+: /, ""));
  }
  refuseOtherUid(target, object, live);
  return { object, warnings: options.fieldValidation === "Warn" ? unknown.warnings : [] };
}

async function patchLive(core: Core, call: Call, type: PatchType, decoded: Decoded, options: WriteOptions): Promise<Written> {
  const { kind, name } = call.target;
  const write = writeOf(core, call, options.fieldManager);
  for (;;) {
    const entry = core.store.head(keyOfTarget(call.target));
    if (!entry) throw notFound(subjectOf(call.target), name);
    const live = fromStored(kind, entry.object);
    const { object, warnings } = readPatched(call, type, live, decoded, options);
    const stored = await replaceObject(core, call, entry, trackUpdate(live, object, write), options.dryRun);
    if (!stored) continue;
    call.warnings.push(...warnings);
    return { object: stored, created: false };
  }
}

/** PATCH of every type. Retries by itself when another write came in between, unless the patch names a resourceVersion. */
export async function patch(core: Core, call: Call): Promise<Written> {
  const type = patchType(call);
  const options = writeOptions(call.query, "PatchOptions", type === "apply");
  const decoded = await decodedPatch(call, type);
  return type === "apply" ? apply(core, call, decoded, options) : patchLive(core, call, type, decoded, options);
}
