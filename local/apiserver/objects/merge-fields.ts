import { type Fields, isFields } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { fieldType, type FieldType, grainOf, itemElement } from "./field-type.ts";

const isBlank = (value: unknown): boolean => value === null || (Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0);

function mergeMaps(type: FieldType, live: Fields, applied: Fields): Fields {
  const merged: Fields = { ...live };
  for (const [name, field] of Object.entries(applied)) {
    const value = mergeValues(fieldType(type, name), live[name], field);
    if (value !== undefined) Object.defineProperty(merged, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return merged;
}

interface Item {
  readonly element: string;
  readonly value: unknown;
}

function itemsOf(type: Structural, list: readonly unknown[]): Item[] {
  return list.flatMap((value) => {
    const element = itemElement(type, value);
    return element === undefined ? [] : [{ element, value }];
  });
}

/**
 * Order of a merged list: items of both lists stand as in the applied one; those only in the live list keep their place
 * relative to the shared ones around them.
 */
function mergeLists(type: Structural, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const left = itemsOf(type, live);
  const right = itemsOf(type, applied);
  const inLeft = new Map(left.map((item) => [item.element, item.value]));
  const inRight = new Map(right.map((item) => [item.element, item.value]));
  const shared = right.filter((item) => inLeft.has(item.element)).map((item) => item.element);
  const merged = new Set<string>();
  const out: unknown[] = [];
  let at = 0;
  let from = 0;
  let nextShared = 0;
  const takeRight = (item: Item) => {
    merged.add(item.element);
    out.push(mergeValues(type.items, inLeft.get(item.element), item.value));
    if (shared[nextShared] === item.element) nextShared++;
    from++;
  };
  while (at < left.length || from < right.length) {
    const [own, other] = [left[at], right[from]];
    if (own && other && own.element === other.element) {
      takeRight(other);
      at++;
    } else if (own && other && inRight.has(own.element) && nextShared < shared.length && shared[nextShared] !== own.element) {
      at++;
    } else if (own && !inRight.has(own.element)) {
      out.push(own.value);
      at++;
    } else {
      if (own && merged.has(own.element)) at++;
      if (other) takeRight(other);
    }
  }
  return out;
}

function mergeValues(type: FieldType, live: unknown, applied: unknown): unknown {
  if (live === undefined || isBlank(live)) return isBlank(applied) || live === undefined ? applied : mergeInto(type, undefined, applied);
  return mergeInto(type, live, applied);
}

function mergeInto(type: FieldType, live: unknown, applied: unknown): unknown {
  const grain = grainOf(type, applied === null ? live : applied);
  if (grain === "fields") return mergeMaps(type, isFields(live) ? live : {}, isFields(applied) ? applied : {});
  if (grain === "items") return mergeLists(type as Structural, Array.isArray(live) ? live : [], Array.isArray(applied) ? applied : []);
  return applied;
}

/** The live object with everything the applied one says; nothing is removed. */
export function mergeObjects(type: Structural, live: Fields, applied: Fields): Fields {
  return mergeMaps(type, live, applied);
}
