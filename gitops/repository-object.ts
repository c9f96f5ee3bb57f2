import type { KubeObject } from "../kube/index.ts";
import type { Position } from "./problem.ts";

/** A path of the repository that a manifest names; the sync stores what it holds and writes digest and revision beside it. */
export interface FileReference {
  readonly kind: "file" | "directory" | "code";
  /** Where the `{file: …}`, `{directory: …}` or `{path: …}` map stands in the object. */
  readonly at: readonly (string | number)[];
  /** Relative to the repository root, normalised, without a trailing slash; "" is the root itself. */
  readonly path: string;
  /** Object id of the blob or tree in this revision: equal ids mean equal content. */
  readonly id: string;
}

/** One valid object of the repository, its namespace filled in. */
export interface RepositoryObject {
  /** `objectKey` of it. */
  readonly key: string;
  readonly kind: string;
  /** "" for a cluster-scoped kind. */
  readonly namespace: string;
  readonly name: string;
  /** As written, with apiVersion, kind, metadata.name and metadata.namespace. */
  readonly object: KubeObject;
  readonly file: string;
  /** Where the document begins. */
  readonly position: Position;
  readonly references: readonly FileReference[];
  /** `sha256:` of the object as written and of the content its references name: it changes exactly when the object must be applied again. */
  readonly digest: string;
}

/** `Kind/namespace/name`, or `Kind//name` for a cluster-scoped kind. */
export function objectKey(object: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return `${object.kind}/${object.namespace}/${object.name}`;
}
