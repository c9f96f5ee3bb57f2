/**
 * What the request pipeline needs to know about objects themselves: field ownership and server-side apply, strategic
 * merge, and the shape, defaults and rules of built-in kinds. Every function is pure unless it says "in place".
 */
import type { KubeObject } from "../../../kube/index.ts";
import type { Cause, JsonSchema, Structural } from "../../../schema/structural/index.ts";

export { applyPatch, type Apply, type ApplyResult, type Conflict } from "./apply.ts";
export { defaultManager } from "./manager-name.ts";
export type { Write } from "./own.ts";
export { type FieldPath, resetPaths } from "./reset-paths.ts";
export { keepTimes, trackUpdate } from "./track-update.ts";

const later = (): never => {
  throw new Error("not built yet");
};

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
