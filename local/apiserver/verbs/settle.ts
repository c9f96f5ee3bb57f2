import { rfc3339 } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { defaultObject, validateStructural } from "../../../schema/structural/index.ts";
import { decodeProblem, defaultBuiltin, defaultManager, resetPaths, validateBuiltin, validateMetadata, type Write } from "../objects/index.ts";
import type { Core } from "../core.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { badRequest, invalid } from "../status.ts";
import { DEFINITIONS } from "../kinds/definition.ts";
import { definitionCauses } from "../kinds/definition-rules.ts";
import type { Call, Target } from "../wire/target.ts";

/** The write as field ownership sees it. */
export function writeOf(core: Core, call: Call, fieldManager: string): Write {
  const { kind, subresource } = call.target;
  const manager = fieldManager === "" ? defaultManager(call.headers["user-agent"]) : fieldManager;
  const reset = resetPaths({ group: kind.group, kind: kind.kind, hasStatus: kind.subresources.includes("status") }, subresource);
  return { manager, schema: kind.schema, subresource, apiVersion: kind.apiVersion, now: core.clock.now(), reset };
}

/** Fills in defaults, in place. Throws 400 when a built-in object cannot be read. */
export function settleDefaults(kind: ServedKind, object: KubeObject): void {
  refuseUndecodable(kind, object);
  if (kind.builtin) defaultBuiltin(kind, object);
  if (kind.collection === "/namespaces") nameLabel(object);
  defaultObject(kind.schema, object);
}

/** The label every namespace has, so that selectors can name one. */
function nameLabel(object: KubeObject): void {
  if (object.metadata.name) object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name };
}

/** A wrong type in a built-in kind is a body that cannot be decoded: 400, where a custom kind answers 422. */
function refuseUndecodable(kind: ServedKind, object: KubeObject): void {
  const problem = kind.builtin ? decodeProblem(kind.schema, object) : undefined;
  if (problem !== undefined) throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${problem}`);
}

/** Throws 422 with every cause, in the order of the real server: metadata, kind rules, schema. */
export function refuseInvalid(target: Target, object: KubeObject, old: KubeObject | undefined): void {
  const { kind, subresource } = target;
  const earlier = validateMetadata(kind, object, old);
  const rules = kind.builtin ? validateBuiltin(kind, object, old) : validateStructural(kind.schema, object, { old, subresource, earlier });
  const causes = [...earlier, ...rules];
  if (kind.collection === DEFINITIONS && subresource === "") causes.push(...definitionCauses(object));
  if (causes.length > 0) throw invalid(kind, object.metadata.name ?? "", causes);
}

/** metav1.Time of this moment. */
export const timestamp = (core: Core): string => rfc3339(core.clock.now());
