import { isFields } from "../../base/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { fieldOwners } from "./field-owners.ts";
import { type Fields, isShared, specOf } from "./shared-fields.ts";

/**
 * What somebody else added to a spec that git does not have, as a JSON merge patch that takes it out. Server-side apply alone leaves it: it removes only what it
 * once set itself. Defaults belong to nobody and stay; so do fields that people may set by the rules of their kind.
 */
export function strayFields(live: KubeObject, wanted: KubeObject): Fields | undefined {
  const stray = strayIn(live, ["spec"], specOf(live), specOf(wanted), (field) => isShared(live.kind, field));
  return Object.keys(stray).length === 0 ? undefined : stray;
}

function strayIn(live: KubeObject, path: readonly string[], found: Fields, wanted: Fields, isAllowed: (field: string) => boolean): Fields {
  const stray: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(found)) {
    const at = [...path, field];
    if (isAllowed(field) || !fieldOwners(live, at).some(({ isOurs }) => !isOurs)) continue;
    const target = wanted[field];
    if (target === undefined) stray[field] = null;
    else if (isFields(value) && isFields(target)) {
      const below = strayIn(live, at, value, target, () => false);
      if (Object.keys(below).length > 0) stray[field] = below;
    }
  }
  return stray;
}
