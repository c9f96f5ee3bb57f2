import { ANNOTATION, jsonEqual } from "../../base/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { fieldOwners } from "./field-owners.ts";
import type { InventoryEntry, Overridden } from "./inventory.ts";

/** Fields of spec that people change at run time. Last change wins, and a commit that changes the value is a change. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  Run: ["maxParallelism", "ttl", "suspend"],
  Trigger: ["active"],
  App: ["desiredState"],
  GitSync: ["suspend"],
};

export type Fields = Readonly<Record<string, unknown>>;

export const specOf = (object: KubeObject): Fields => (object["spec"] ?? {}) as Fields;

/** What git says about the shared fields of an object, to be kept in the inventory. */
export function sharedValues(object: KubeObject): Fields | undefined {
  const spec = specOf(object);
  const given = (SHARED[object.kind] ?? []).filter((field) => spec[field] !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given.map((field) => [field, spec[field]]));
}

/**
 * Which shared fields to leave out of an apply, because somebody else set them since git last changed its mind. Fields that were left out with
 * another value than git's are reported. `flyte.org/drift: Enforce` on the manifest gives git the last word always.
 */
export function sharedFieldsToOmit(
  desired: KubeObject,
  entry: InventoryEntry | undefined,
  live: KubeObject | undefined,
): { readonly omit: ReadonlySet<string>; readonly overridden: readonly Overridden[] } {
  const omit = new Set<string>();
  const overridden: Overridden[] = [];
  if (!live || !entry || desired.metadata.annotations?.[ANNOTATION.drift] === "Enforce") return { omit, overridden };
  const [wanted, found] = [specOf(desired), specOf(live)];
  for (const field of SHARED[desired.kind] ?? []) {
    if (wanted[field] === undefined || !jsonEqual(wanted[field], entry.shared?.[field])) continue;
    const other = fieldOwners(live, ["spec", field]).find(({ isOurs }) => !isOurs);
    if (!other) continue;
    omit.add(field);
    if (!jsonEqual(wanted[field], found[field]))
      overridden.push({ field: `spec.${field}`, manager: other.manager, ...(other.time ? { time: other.time } : {}) });
  }
  return { omit, overridden };
}

export function isShared(kind: string, field: string): boolean {
  return (SHARED[kind] ?? []).includes(field);
}
