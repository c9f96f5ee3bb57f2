/**
 * What the request pipeline needs to know about objects themselves: field ownership and server-side apply, strategic
 * merge, and the shape, defaults and rules of built-in kinds. Every function is pure unless it says "in place".
 */
import type { KubeObject } from "../../../kube/index.ts";
import type { Cause, JsonSchema, Structural } from "../../../schema/structural/index.ts";

/** Who writes, in which shape, when. */
export interface Write {
  /** Field manager: `fieldManager` of the request, or `defaultManager(userAgent)`. */
  readonly manager: string;
  readonly schema: Structural;
  /** "" for the object itself. */
  readonly subresource: string;
  /** `group/version` of the request's body. */
  readonly apiVersion: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Paths whose ownership this endpoint never gives (see `resetPaths`), e.g. `[["status"]]`. */
  readonly reset: readonly (readonly string[])[];
}

/** One field another manager owns, as it stands in `details.causes` of a 409. */
export interface Conflict {
  /** `conflict with "kubectl" using apps/v1` */
  readonly message: string;
  /** `.spec.replicas` */
  readonly field: string;
}

export type ApplyResult =
  | { readonly kind: "applied"; readonly object: KubeObject }
  | { readonly kind: "conflicts"; readonly conflicts: readonly Conflict[]; readonly message: string }
  | { readonly kind: "invalid"; readonly status: 400 | 422 | 500; readonly message: string };

const later = (): never => {
  throw new Error("not built yet");
};

/** Server-side apply of `applied` (defaulting not done) onto `live` (undefined: create). The object is the merge, with managedFields; not yet defaulted or validated. Deep-equal to live, times included, when nothing changed. */
export function applyPatch(_live: KubeObject | undefined, _applied: KubeObject, _write: Write & { readonly force: boolean }): ApplyResult {
  return later();
}

/** `updated` with managedFields brought up to date for a create, update, or any patch but apply. When only managedFields times would differ from live, live's entries are kept. */
export function trackUpdate(_live: KubeObject | undefined, _updated: KubeObject, _write: Write): KubeObject {
  return later();
}

/** Manager name of a request without `fieldManager`: the user agent up to the first `/`, at most 128 characters, printable. */
export function defaultManager(_userAgent: string | undefined): string {
  return later();
}

/** Paths an endpoint of a kind never lets a writer own: the status on the main endpoint (where a status subresource exists), everything else on /status. */
export function resetPaths(
  _kind: { readonly group: string; readonly kind: string; readonly hasStatus: boolean },
  _subresource: string,
): readonly (readonly string[])[] {
  return later();
}

export type StrategicResult = { readonly kind: "merged"; readonly object: KubeObject } | { readonly kind: "invalid"; readonly message: string };

export function strategicMerge(_schema: Structural, _live: KubeObject, _patch: unknown): StrategicResult {
  return later();
}

/** A built-in kind that the embedded server serves. */
export interface BuiltinKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Name of its schema in `builtinDefinitions()`: `io.k8s.api.core.v1.Pod`. */
  readonly definition: string;
}

export function builtinKinds(): readonly BuiltinKind[] {
  return later();
}

/** OpenAPI definitions by name, with `$ref: "#/components/schemas/<name>"`: the material of /openapi/v3. */
export function builtinDefinitions(): Readonly<Record<string, JsonSchema>> {
  return later();
}

/** Undefined for a kind that is not built in. */
export function builtinSchema(_group: string, _version: string, _kind: string): Structural | undefined {
  return later();
}

/** Fills what the real server fills in for a built-in kind, in place. */
export function defaultBuiltin(_kind: { readonly group: string; readonly kind: string }, _object: KubeObject): void {
  later();
}

/** Rules of a built-in kind that its schema cannot say. `old` is the stored object on update. Metadata is `validateMetadata`'s. */
export function validateBuiltin(_kind: { readonly group: string; readonly kind: string }, _object: KubeObject, _old: KubeObject | undefined): Cause[] {
  return later();
}

/** Name, namespace, labels, annotations, finalizers and owner references of any object; on update also what may not change. */
export function validateMetadata(
  _kind: { readonly group: string; readonly kind: string; readonly namespaced: boolean },
  _object: KubeObject,
  _old: KubeObject | undefined,
): Cause[] {
  return later();
}
