/**
 * What the request pipeline needs to know about objects themselves: field ownership and server-side apply, strategic
 * merge, and the shape, defaults and rules of built-in kinds. Every function is pure unless it says "in place".
 */
export { type Apply, applyPatch, type ApplyResult, type Conflict } from "./apply.ts";
export { builtinDefinitions, type BuiltinKind, builtinKinds, builtinSchema } from "./builtin.ts";
export { decodeProblem } from "./decode-builtin.ts";
export { defaultBuiltin } from "./default-builtin.ts";
export { defaultManager } from "./manager-name.ts";
export type { Write } from "./own.ts";
export { canonicalQuantity, type Quantity, quantityNanos, quantityOf, quantityText } from "./quantity.ts";
export { type FieldPath, resetPaths } from "./reset-paths.ts";
export { strategicMerge, type StrategicResult } from "./strategic-merge.ts";
export { keepTimes, trackUpdate } from "./track-update.ts";
export { validateBuiltin } from "./validate-builtin.ts";
export { type NamedKind, validateMetadata } from "./validate-metadata.ts";
