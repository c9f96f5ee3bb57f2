import type { KubeObject, Stored } from "../../../kube/index.ts";

/** One stored object in its storage version: parsed once, encoded once. Neither may be changed. */
export interface Entry {
  /** `<group>/<plural>/<namespace>/<name>` */
  readonly key: string;
  /** `<group>/<plural>` */
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: number;
  readonly object: Stored;
  /** The object's JSON in UTF-8; shared by answers, watchers and the log. */
  readonly bytes: Buffer;
}

export interface StoredEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** For DELETED: the last state, carrying the resourceVersion of the deletion. */
  readonly entry: Entry;
  /** The state before; undefined for ADDED. Decides what a selecting watcher sees. */
  readonly previous: Entry | undefined;
}

export function objectKey(collection: string, namespace: string, name: string): string {
  return `${collection}/${namespace}/${name}`;
}

/** The object with another resourceVersion; everything else is shared. Kind and apiVersion come first, so that `typePrefix` holds. */
export function withResourceVersion(object: KubeObject, resourceVersion: number): Stored {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata: { ...metadata, resourceVersion: String(resourceVersion) }, ...rest } as Stored;
}

/** What the bytes of an entry of this kind begin with. */
export function typePrefix({ kind, apiVersion }: { readonly kind: string; readonly apiVersion: string }): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
}
