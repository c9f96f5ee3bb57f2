import { canonicalJson, type Fields, isFields } from "../../base/index.ts";
import type { Cause } from "./cause.ts";
import { duplicate, invalid } from "./field-error.ts";
import type { Structural } from "./structural.ts";

/** The key fields of an item that are there. */
function keyFields(schema: Structural, item: unknown): Fields {
  if (!isFields(item)) return {};
  return Object.fromEntries(schema.listMapKeys.filter((name) => Object.hasOwn(item, name)).map((name) => [name, item[name]]));
}

/** Text that is equal exactly for items of one key; undefined for what is no object. */
export function listMapKey(schema: Structural, item: unknown): string | undefined {
  return isFields(item) ? canonicalJson(keyFields(schema, item)) : undefined;
}

/** Where an item repeats an earlier one, each value reported at its second occurrence only. */
function repeats(keys: readonly string[]): number[] {
  const seen = new Map<string, number>();
  return keys.flatMap((key, index) => {
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    return times === 1 ? [index] : [];
  });
}

function checkList(schema: Structural, list: readonly unknown[], path: string): Cause[] {
  if (schema.listType === "set") return repeats(list.map((item) => canonicalJson(item))).map((index) => duplicate(`${path}[${index}]`, list[index]));
  if (schema.listType !== "map") return [];
  const stranger = list.findIndex((item) => item !== null && !isFields(item));
  if (stranger >= 0) return [invalid(`${path}[${stranger}]`, list[stranger], "must be an object for an array of list-type map")];
  return repeats(list.map((item) => canonicalJson(keyFields(schema, item)))).map((index) => duplicate(`${path}[${index}]`, keyFields(schema, list[index])));
}

function walk(schema: Structural, value: unknown, path: string, causes: Cause[]): void {
  if (Array.isArray(value)) {
    causes.push(...checkList(schema, value, path));
    const { items } = schema;
    if (items?.hasKeyedLists) value.forEach((item, index) => walk(items, item, `${path}[${index}]`, causes));
  } else if (isFields(value)) {
    const { additional } = schema;
    for (const key of Object.keys(value)) {
      const child = schema.properties.get(key);
      if (child?.hasKeyedLists) walk(child, value[key], path === "" ? key : `${path}.${key}`, causes);
      else if (!child && additional !== undefined && additional !== "any" && additional.hasKeyedLists) walk(additional, value[key], `${path}[${key}]`, causes);
    }
  }
}

/** Items of sets and of lists with keys that occur twice. */
export function checkListKeys(schema: Structural, value: unknown): Cause[] {
  const causes: Cause[] = [];
  if (schema.hasKeyedLists) walk(schema, value, "", causes);
  return causes;
}
