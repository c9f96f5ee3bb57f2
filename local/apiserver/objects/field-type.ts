import { canonicalJson, type Fields, isFields, stringifyJson } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { objectMetaSchema, textSchema } from "./object-meta-schema.ts";

/** What owners can tell apart in a value: the whole of it, the fields of a map, or the items of a list. */
export type Grain = "whole" | "fields" | "items";

/** Undefined: nothing is known about the value (it is preserved as found). */
export type FieldType = Structural | undefined;

/** The schema of a whole object: as the kind says, with the metadata every object has. */
export function resourceType(schema: Structural): Structural {
  return schema.embedded ? schema : { ...schema, embedded: true };
}

export function grainOf(type: FieldType, value: unknown): Grain {
  if (Array.isArray(value)) return type?.listType === "set" || type?.listType === "map" ? "items" : "whole";
  if (isFields(value)) return type?.mapType === "atomic" ? "whole" : "fields";
  return value === null && type !== undefined && type.mapType !== "atomic" && type.source.type === "object" ? "fields" : "whole";
}

function metaType(name: string): Structural | undefined {
  if (name === "metadata") return objectMetaSchema;
  return name === "apiVersion" || name === "kind" ? textSchema : undefined;
}

/** The type of a field that the schema names; undefined for an entry of a free map. */
export function namedField(type: FieldType, name: string): Structural | undefined {
  if (!type) return undefined;
  return (type.embedded ? metaType(name) : undefined) ?? type.properties.get(name);
}

export function fieldType(type: FieldType, name: string): FieldType {
  const { additional } = type ?? {};
  return namedField(type, name) ?? (additional === "any" ? undefined : additional);
}

/** Whether the schema allows a field of that name. */
export function declares(type: FieldType, name: string): boolean {
  if (!type || type.preserveUnknown || type.additional !== undefined) return true;
  return namedField(type, name) !== undefined || (type.properties.size === 0 && !type.embedded);
}

export const fieldElement = (name: string): string => `f:${name}`;

function keyOf(type: Structural, item: Fields): Fields | undefined {
  const key: Fields = {};
  for (const name of type.listMapKeys) {
    const value = Object.hasOwn(item, name) ? item[name] : type.items?.properties.get(name)?.source.default;
    if (value !== undefined) key[name] = value;
  }
  return Object.keys(key).length > 0 ? key : undefined;
}

/** The path element of an item of a set or of a list with keys; undefined when the item has none (no keys, not a scalar). */
export function itemElement(type: Structural, item: unknown): string | undefined {
  if (type.listType === "map") {
    const key = isFields(item) ? keyOf(type, item) : undefined;
    return key && `k:${canonicalJson(key)}`;
  }
  return typeof item === "object" ? undefined : `v:${stringifyJson(item)}`;
}
