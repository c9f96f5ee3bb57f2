import { type Fields, isFields, jsonEqual } from "../base/index.ts";

/** The JSON merge patch (RFC 7386) that turns `before` into `after`, or undefined when they are equal. Lists are replaced whole. */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (jsonEqual(before, after)) return undefined;
  if (!isFields(before) || !isFields(after)) return after;
  const patch: Fields = {};
  for (const [field, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const change = mergePatch(before[field], value);
    if (change !== undefined) patch[field] = change;
  }
  for (const field of Object.keys(before)) if (before[field] !== undefined && after[field] === undefined) patch[field] = null;
  return patch;
}
