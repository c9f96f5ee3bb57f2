import type { KubeObject } from "../../../kube/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";

/** One cell of `kubectl get`. */
export interface TableColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly description?: string;
  /** 0: always shown; 1: with `-o wide`. */
  readonly priority: number;
  /** @param now milliseconds, for ages */
  cell(object: KubeObject, now: number): unknown;
}

/** What the scale subresource reads and writes of an object. Paths are the names of nested fields. */
export interface ScalePaths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  /** The text of the selector of the pods that are scaled; undefined when there is none. */
  readonly selector: (object: KubeObject) => string | undefined;
  /** Who demands that replicas are set: a custom kind has no default for them. */
  readonly strict: boolean;
}

/** One kind in one version, as the pipeline needs to know it. A kind is data: no verb asks which kind it serves, except through these fields. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly listKind: string;
  readonly apiVersion: string;
  /** `<group>/<plural>` under which its objects are stored: two served kinds may share one. */
  readonly collection: string;
  /** apiVersion and kind of the stored form. */
  readonly storedAs: { readonly apiVersion: string; readonly kind: string };
  readonly builtin: boolean;
  readonly schema: Structural;
  readonly subresources: readonly string[];
  /** Where /scale finds its numbers; present exactly when `subresources` names it. */
  readonly scale?: ScalePaths;
  /** metadata.generation is kept (and counted on changes outside metadata and status). */
  readonly counted: boolean;
  /** A PUT may create. */
  readonly createOnUpdate: boolean;
  /** A PUT without resourceVersion overwrites whatever is there. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  readonly columns: readonly TableColumn[];
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly selectableFields: ReadonlyMap<string, (object: KubeObject) => string>;
  /** From and to the stored form where only changing apiVersion is not enough. Both return fresh objects. */
  readonly conversion?: { readonly toStored: (object: KubeObject) => KubeObject; readonly fromStored: (object: KubeObject) => KubeObject };
  /** Text printed as a Warning by every request to a deprecated version. */
  readonly deprecation?: string;
  /** Creating is refused because the definition is being deleted. */
  readonly terminating?: boolean;
}

/** The stored form of an object as this version shows it. Shares what it can with its argument. */
export function fromStored(kind: ServedKind, object: KubeObject): KubeObject {
  if (kind.conversion) return kind.conversion.fromStored(object);
  return object.apiVersion === kind.apiVersion ? object : { ...object, apiVersion: kind.apiVersion };
}

export function toStored(kind: ServedKind, object: KubeObject): KubeObject {
  if (kind.conversion) return kind.conversion.toStored(object);
  return object.apiVersion === kind.storedAs.apiVersion ? object : { ...object, apiVersion: kind.storedAs.apiVersion };
}
