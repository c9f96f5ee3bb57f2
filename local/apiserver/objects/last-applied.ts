import { isFields, parseJson, stringifyJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { difference, type FieldSet } from "./field-set.ts";
import { resourceType } from "./field-type.ts";
import { metadataOf, withManagedFields, type Write } from "./own.ts";
import { compareObjects, fieldsOf } from "./walk-fields.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function annotationsOf(object: KubeObject | undefined): Record<string, unknown> {
  const annotations = metadataOf(object)["annotations"];
  return isFields(annotations) ? annotations : {};
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * Fields that kubectl's client-side apply wrote and nobody changed since: kubectl's first server-side apply may take
 * them over without a conflict. Undefined when there is no such annotation, or it is about something else.
 */
export function fieldsOfLastApplied(live: KubeObject, write: Write): FieldSet | undefined {
  const text = annotationsOf(live)[LAST_APPLIED];
  const applied = typeof text === "string" && text !== "" ? parsed(text) : undefined;
  if (!isFields(applied) || applied["apiVersion"] !== write.apiVersion) return undefined;
  const type = resourceType(write.schema);
  const { modified, added, removed } = compareObjects(type, applied, withManagedFields(live, undefined));
  return [modified, added, removed].reduce(difference, fieldsOf(type, applied));
}

/** Keeps kubectl's annotation true after kubectl applied on the server, where it exists. */
export function refreshLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const annotations = annotationsOf(object);
  if (!annotations[LAST_APPLIED]) return object;
  const { [LAST_APPLIED]: _old, ...ownAnnotations } = annotationsOf(applied);
  const metadata = {
    ...metadataOf(applied),
    ...(annotationsOf(applied) === undefined || !isFields(metadataOf(applied)["annotations"]) ? {} : { annotations: ownAnnotations }),
  };
  const text = `${stringifyJson({ ...applied, metadata })}\n`;
  return { ...object, metadata: { ...metadataOf(object), annotations: { ...annotations, [LAST_APPLIED]: text } } };
}
