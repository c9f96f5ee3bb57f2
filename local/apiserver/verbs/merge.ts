import { isFields } from "../../../base/index.ts";

/** `target` with a JSON merge patch (RFC 7386) in it. Neither argument is changed; untouched parts are shared. */
export function mergeInto(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged = new Map<string, unknown>(isFields(target) ? Object.entries(target) : []);
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) merged.delete(field);
    else merged.set(field, mergeInto(merged.get(field), value));
  }
  return Object.fromEntries(merged);
}
