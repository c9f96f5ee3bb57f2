import fastJsonPatch, { type Operation } from "fast-json-patch";
import { copyJson, stringifyJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { badRequest, failure } from "../status.ts";
import { MAX_BODY } from "../wire/decode.ts";

/** Most operations a JSON patch may have. */
const MAX_OPERATIONS = 10_000;

const refused = (): Error => failure(422, "Invalid", "the server rejected our request due to an error in our request", {});

function sizeAt(document: unknown, pointer: unknown): number {
  const value: unknown = typeof pointer === "string" ? fastJsonPatch.getValueByPointer(document, pointer) : undefined;
  return value === undefined ? 0 : stringifyJson(value).length;
}

/** Replacing a member that is not there adds it, as on the real server. */
function tolerant(document: KubeObject, operation: Operation): Operation {
  if (operation.op !== "replace" || fastJsonPatch.getValueByPointer(document, operation.path) !== undefined) return operation;
  const parent: unknown = fastJsonPatch.getValueByPointer(document, operation.path.slice(0, operation.path.lastIndexOf("/")));
  return Array.isArray(parent) ? operation : { ...operation, op: "add" };
}

/** Applies one operation after the other; what they copy together is bounded, or a short patch could fill the memory. */
function applied(document: KubeObject, patch: readonly Operation[]): KubeObject {
  let result = document;
  let copied = 0;
  for (const [index, operation] of patch.entries()) {
    if (operation.op === "copy") copied += sizeAt(result, operation.from);
    if (copied > MAX_BODY) throw refused();
    result = fastJsonPatch.applyOperation(result, tolerant(result, operation), true, true, true, index).newDocument;
  }
  return result;
}

/** `live` with a JSON patch (RFC 6902) in it; a fresh object. Throws 400, 413, and 422 for an operation that does not apply. */
export function jsonPatched(live: KubeObject, patch: unknown): KubeObject {
  if (!Array.isArray(patch)) throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
  if (patch.length > MAX_OPERATIONS)
    throw failure(413, "RequestEntityTooLarge", `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`, {});
  try {
    return applied(copyJson(live), patch as Operation[]);
  } catch {
    throw refused();
  }
}
