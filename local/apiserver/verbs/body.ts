import type { KubeObject } from "../../../kube/index.ts";
import { prune } from "../../../schema/structural/index.ts";
import { badRequest, invalid } from "../status.ts";
import { decodeBody, objectOf } from "../wire/decode.ts";
import type { Duplicates } from "../wire/duplicates.ts";
import type { FieldValidation } from "../wire/options.ts";
import type { Call, Target } from "../wire/target.ts";

/** Refuses a body of another kind, and fills in type and namespace where the URL says them. */
export function checkIdentity(object: KubeObject, target: Target): void {
  const { kind } = target;
  if (kind.builtin) {
    object.apiVersion ||= kind.apiVersion;
    object.kind ||= kind.kind;
  } else if (!object.kind) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing in the body`);
  }
  if (object.kind !== kind.kind || object.apiVersion !== kind.apiVersion) {
    if (kind.builtin)
      throw badRequest(
        `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${kind.kind}: the endpoint serves ${kind.apiVersion} ${kind.kind}`,
      );
    if (object.apiVersion !== kind.apiVersion)
      throw badRequest(`the API version in the data (${object.apiVersion ?? ""}) does not match the expected API version (${kind.apiVersion})`);
    const cause = { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(object.kind)}: must be ${kind.kind}`, field: "kind" };
    throw invalid({ group: kind.group, kind: object.kind }, object.metadata.name ?? "", [cause]);
  }
  checkNamespace(object, target);
}

function checkNamespace(object: KubeObject, target: Target): void {
  const { metadata } = object;
  if (!target.kind.namespaced) {
    if (metadata.namespace === "") delete metadata.namespace;
    return;
  }
  if (!metadata.namespace) metadata.namespace = target.namespace;
  if (metadata.namespace !== target.namespace) throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

export function checkPatchedName(object: KubeObject, { name }: Target): void {
  if (object.metadata.name !== name) throw badRequest(`the name of the object (${object.metadata.name ?? ""}) does not match the name on the URL (${name})`);
}

/** A patch of another object than it means is invalid, where a PUT of one is a conflict. */
export function refuseOtherUid({ kind, name }: Target, object: KubeObject, live: KubeObject): void {
  const { uid } = object.metadata;
  if (!uid || uid === live.metadata.uid) return;
  throw invalid(kind, name, [{ reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`, field: "metadata.uid" }]);
}

/** Drops fields that the kind does not have, in place; returns what strict validation says about them and about repeated ones. */
export function unknownFields(object: KubeObject, target: Target, duplicates: Duplicates): Duplicates {
  const unknown = prune(target.kind.schema, object).map((path) => `unknown field "${path}"`);
  return { warnings: [...duplicates.warnings, ...unknown], refusals: [...duplicates.refusals, ...unknown] };
}

/** Drops fields that the kind does not have and says so as the request asked to hear it. */
function pruneUnknown(object: KubeObject, target: Target, duplicates: Duplicates, validation: FieldValidation, warnings: string[]): void {
  const found = unknownFields(object, target, duplicates);
  if (validation === "Ignore" || found.warnings.length === 0) return;
  if (validation === "Warn") return void warnings.push(...found.warnings);
  const { kind } = target;
  throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${found.refusals.join(", ")}`);
}

/** Says of repeated fields what the request asked to hear. An apply meets its unknown fields itself. */
export function reportDuplicates(duplicates: Duplicates, validation: FieldValidation, warnings: string[]): void {
  if (validation === "Ignore" || duplicates.warnings.length === 0) return;
  if (validation === "Strict") throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${duplicates.refusals.join(", ")}`);
  warnings.push(...duplicates.warnings);
}

/** The object a POST or PUT carries: decoded, of the right kind, without unknown fields. */
export async function bodyObject(call: Call, validation: FieldValidation): Promise<KubeObject> {
  const { value, duplicates } = await decodeBody(call.body, call.headers["content-type"], call.target.kind.kind);
  const object = objectOf(value, call.target.kind.kind);
  checkIdentity(object, call.target);
  pruneUnknown(object, call.target, duplicates, validation, call.warnings);
  return object;
}
