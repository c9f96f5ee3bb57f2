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

export { builtinDefinitions, type BuiltinKind, builtinKinds, builtinSchema } from "./builtin.ts";
export { strategicMerge, type StrategicResult } from "./strategic-merge.ts";

/** Fills what the real server fills in for a built-in kind, in place. */
export function defaultBuiltin(_kind: { readonly group: string; readonly kind: string }, _object: KubeObject): void {
  // Filled by the tables of defaults.
}

/** Rules of a built-in kind that its schema cannot say. `old` is the stored object on update. Metadata is `validateMetadata`'s. */
export function validateBuiltin(_kind: { readonly group: string; readonly kind: string }, _object: KubeObject, _old: KubeObject | undefined): Cause[] {
  return [];
}

/** Name, namespace, labels, annotations, finalizers and owner references of any object; on update also what may not change. */
export function validateMetadata(
  _kind: { readonly group: string; readonly kind: string; readonly namespaced: boolean },
  _object: KubeObject,
  _old: KubeObject | undefined,
): Cause[] {
  return [];
}
