import { type Fields, isFields } from "../../base/index.ts";
import { dropNulls } from "./default-object.ts";
import type { Structural } from "./structural.ts";

const TYPE_AND_META: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);
const OBJECT_META: ReadonlySet<string> = new Set([
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
]);

/** Where the walk is, and what it has dropped so far. */
interface Walk {
  readonly path: string[];
  readonly unknown: string[];
}

function nameOf(walk: Walk, key: string): string {
  return [...walk.path, walk.path.length > 0 ? `.${key}` : key].join("");
}

function drop(object: Fields, key: string, walk: Walk): void {
  walk.unknown.push(nameOf(walk, key));
  delete object[key];
}

function descend(key: string, walk: Walk, visit: () => void): void {
  walk.path.push(walk.path.length > 0 ? `.${key}` : key);
  visit();
  walk.path.pop();
}

const isBlank = (value: unknown): boolean => value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

/** Metadata is read into its own type and written back: what is unknown or empty does not come back. */
function pruneMetadata(metadata: unknown, walk: Walk): void {
  if (!isFields(metadata)) return;
  for (const key of Object.keys(metadata)) {
    if (!OBJECT_META.has(key)) drop(metadata, key, walk);
    else if (isBlank(metadata[key])) delete metadata[key];
  }
}

function pruneFields(schema: Structural | undefined, object: Fields, embedded: boolean, keep: boolean, walk: Walk): void {
  for (const key of Object.keys(object)) {
    if (embedded && TYPE_AND_META.has(key)) {
      if (key === "metadata") descend(key, walk, () => pruneMetadata(object[key], walk));
      continue;
    }
    const child = schema?.properties.get(key);
    if (child) descend(key, walk, () => visit(child, object[key], child.embedded, false, walk));
    else if (schema?.additional !== undefined) {
      const inner = schema.additional === "any" ? undefined : schema.additional;
      descend(key, walk, () => visit(inner, object[key], inner?.embedded === true, false, walk));
    } else if (!keep) drop(object, key, walk);
  }
}

/** `keep`: this is an item of a list that preserves what it does not know. */
function visit(schema: Structural | undefined, value: unknown, embedded: boolean, keep: boolean, walk: Walk): void {
  if (typeof value !== "object" || value === null) return;
  const keeps = keep || schema?.preserveUnknown === true;
  if (!Array.isArray(value)) return pruneFields(schema, value as Fields, embedded, keeps, walk);
  if (keeps && !schema?.items) return;
  for (let index = 0; index < value.length; index++) {
    walk.path.push(`[${index}]`);
    visit(schema?.items, value[index], schema?.items?.embedded === true, keeps, walk);
    walk.path.pop();
  }
}

/**
 * Removes what the schema does not know from an object of a custom kind, in place, and every null that may neither stay
 * nor be defaulted. apiVersion, kind and metadata are kept at the root and in embedded resources, where unknown fields
 * of metadata go too. Returns the paths of what was unknown, as strict field validation reports them
 * (`spec.containers[0].imge`), sorted.
 */
export function prune(schema: Structural, object: unknown): string[] {
  const walk: Walk = { path: [], unknown: [] };
  visit(schema, object, true, false, walk);
  dropNulls(schema, object);
  return walk.unknown.sort();
}
