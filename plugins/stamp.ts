import { ANNOTATION, digestJson, FINALIZER, LABEL, shortHash } from "../base/index.ts";
import type { ActionIdentity, BuildContext, Manifest } from "./plugin.ts";

const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** A text as a label value: itself when it may be one, else its readable start and a hash of the whole. */
export function labelValue(text: string): string {
  if (text === "" || LABEL_VALUE.test(text)) return text;
  const readable = text
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 50)
    .replace(/-+$/, "");
  return readable === "" ? shortHash(text) : `${readable}-${shortHash(text)}`;
}

function labelsOf(identity: ActionIdentity, attempt: number, item: number | undefined): Record<string, string> {
  return {
    [LABEL.managed]: "true",
    [LABEL.project]: identity.project,
    [LABEL.domain]: identity.domain,
    [LABEL.run]: identity.run,
    [LABEL.runUid]: identity.runUid,
    [LABEL.action]: identity.action,
    [LABEL.node]: labelValue(identity.node),
    [LABEL.attempt]: String(attempt),
    ...(item === undefined ? {} : { [LABEL.mapIndex]: String(item) }),
  };
}

/**
 * A built object with identity: name, namespace, labels, the digest of what was built, the finalizer that keeps it until
 * its result is recorded, and the TaskAction as owner, so that deleting the action deletes it.
 */
export function stamp(manifest: Manifest, context: BuildContext, name: string): Manifest {
  const { identity, attempt, map, config } = context;
  const { metadata, ...rest } = manifest;
  return {
    ...rest,
    metadata: {
      ...metadata,
      name,
      namespace: identity.namespace,
      labels: { ...config.labels, ...metadata.labels, ...labelsOf(identity, attempt, map?.index) },
      annotations: {
        ...config.annotations,
        ...metadata.annotations,
        ...(identity.source === "" ? {} : { [ANNOTATION.source]: identity.source }),
        ...(identity.revision === "" ? {} : { [ANNOTATION.revision]: identity.revision }),
        [ANNOTATION.specHash]: digestJson(manifest["spec"]),
      },
      finalizers: [FINALIZER.result],
      ownerReferences: [{ apiVersion: "flyte.org/v1", kind: "TaskAction", name: identity.name, uid: identity.uid, controller: true, blockOwnerDeletion: true }],
    },
  } as Manifest;
}

/** Is a found object the one we would have built? Compared by run, owner, attempt and the digest of what was built. */
export function isStampedAlike(found: Manifest, wanted: Manifest): boolean {
  const same = (field: "labels" | "annotations", key: string) => found.metadata[field]?.[key] === wanted.metadata[field]?.[key];
  const owner = (object: Manifest) => (object.metadata["ownerReferences"] as readonly { readonly uid: string }[] | undefined)?.[0]?.uid;
  return (
    same("labels", LABEL.runUid) &&
    same("labels", LABEL.attempt) &&
    same("labels", LABEL.mapIndex) &&
    same("annotations", ANNOTATION.specHash) &&
    owner(found) === owner(wanted)
  );
}
