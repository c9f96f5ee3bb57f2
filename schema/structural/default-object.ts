import { copyJson, type Fields, isFields } from "../../base/index.ts";
import type { Structural } from "./structural.ts";

/** The default of a node, copied so that no two objects share it; null where there is none, as the real server writes. */
function copiedDefault(schema: Structural): unknown {
  return schema.source.default === undefined ? null : copyJson(schema.source.default);
}

function setField(object: Fields, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

function defaultFields(schema: Structural, object: Fields): void {
  for (const [name, child] of schema.defaulted) {
    const present = Object.hasOwn(object, name);
    if (!present || (object[name] === null && !child.nullable)) setField(object, name, copiedDefault(child));
  }
  const { additional } = schema;
  for (const key of Object.keys(object)) {
    const child = schema.properties.get(key);
    if (child) {
      if (child.hasDefaults) defaultObject(child, object[key]);
    } else if (additional !== undefined && additional !== "any") {
      if (object[key] === null && !additional.nullable) setField(object, key, copiedDefault(additional));
      if (additional.hasDefaults) defaultObject(additional, object[key]);
    }
  }
}

function defaultItems(items: Structural, list: unknown[]): void {
  for (let index = 0; index < list.length; index++) {
    if (list[index] === null && !items.nullable) list[index] = copiedDefault(items);
    if (items.hasDefaults) defaultObject(items, list[index]);
  }
}

/**
 * Fills in defaults, in place, at any depth; a null where null is not allowed counts as absent. Idempotent. The object
 * must belong to the caller (just decoded or copied).
 */
export function defaultObject(schema: Structural, object: unknown): void {
  if (isFields(object)) defaultFields(schema, object);
  else if (Array.isArray(object) && schema.items) defaultItems(schema.items, object);
}

function dropFromFields(schema: Structural, object: Fields): void {
  const { additional } = schema;
  for (const key of Object.keys(object)) {
    const child = schema.properties.get(key) ?? (additional === "any" ? undefined : additional);
    if (!child) continue;
    if (object[key] === null && !child.nullable && (child.source.default === undefined || child.source.default === null)) delete object[key];
    else dropNulls(child, object[key]);
  }
}

/** Removes nulls where the schema allows none and has no default, in place: the real server does so when it decodes a custom object. */
export function dropNulls(schema: Structural, object: unknown): void {
  if (isFields(object)) dropFromFields(schema, object);
  else if (Array.isArray(object) && schema.items) for (const item of object) dropNulls(schema.items, item);
}
