import { type Fields, isFields, jsonEqual } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { below, type Builder, type FieldSet, insert, newBuilder } from "./field-set.ts";
import { fieldElement, fieldType, type FieldType, type Grain, grainOf, itemElement, namedField } from "./field-type.ts";

/** Items by element in order, each with every item of that element. */
function itemsByElement(type: Structural, list: readonly unknown[]): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(type, item);
    if (element === undefined) continue;
    const same = items.get(element);
    if (same) same.push(item);
    else items.set(element, [item]);
  }
  return items;
}

function collect(type: FieldType, value: unknown, path: readonly string[], into: Builder): void {
  const grain = grainOf(type, value);
  if (grain === "whole") return insert(into, path);
  if (grain === "fields") return isFields(value) ? collectFields(type, value, path, into) : undefined;
  for (const [element, items] of itemsByElement(type as Structural, value as readonly unknown[])) {
    const itemPath = [...path, element];
    if (items.length === 1) collect(type?.items, items[0], itemPath, into);
    insert(into, itemPath);
  }
}

function collectFields(type: FieldType, value: Fields, path: readonly string[], into: Builder): void {
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const fieldPath = [...path, fieldElement(name)];
    collect(fieldType(type, name), field, fieldPath, into);
    const empty = field === null || (isFields(field) && Object.keys(field).length === 0);
    if (empty || !namedField(type, name)) insert(into, fieldPath);
  }
}

/** Every field that a value says something about: what its writer owns when it is applied. */
export function fieldsOf(type: FieldType, value: unknown): FieldSet {
  const builder = newBuilder();
  collect(type, value, [], builder);
  return builder;
}

export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

interface Difference {
  readonly removed: Builder;
  readonly modified: Builder;
  readonly added: Builder;
}

const isEmptyPart = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0);

function compareWhole(left: unknown, right: unknown, path: readonly string[], into: Difference): void {
  if (left === undefined) insert(into.added, path);
  else if (right === undefined) insert(into.removed, path);
  else if (!jsonEqual(left, right)) insert(into.modified, path);
}

function compareFields(type: FieldType, left: unknown, right: unknown, path: readonly string[], into: Difference): void {
  const before = isFields(left) ? left : {};
  const after = isFields(right) ? right : {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (before[name] === undefined && after[name] === undefined) continue;
    compare(fieldType(type, name), before[name], after[name], [...path, fieldElement(name)], into);
  }
}

function compareItems(type: Structural, left: unknown, right: unknown, path: readonly string[], into: Difference): void {
  const before = itemsByElement(type, Array.isArray(left) ? left : []);
  const after = itemsByElement(type, Array.isArray(right) ? right : []);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const [old = [], now = []] = [before.get(element), after.get(element)];
    const itemPath = [...path, element];
    if (old.length <= 1 && now.length <= 1) compare(type.items, old[0], now[0], itemPath, into);
    else if (old.length > 1 && now.length > 1) {
      if (!jsonEqual(old, now)) insert(into.modified, itemPath);
    } else if (old.length > 1) {
      if (now.length > 0) compare(type.items, undefined, now[0], itemPath, into);
      insert(into.removed, itemPath);
    } else {
      if (old.length > 0) compare(type.items, old[0], undefined, itemPath, into);
      insert(into.added, itemPath);
    }
  }
}

const shapeOf = (value: unknown): string => (Array.isArray(value) ? "list" : isFields(value) ? "map" : "scalar");

function compareParts(type: FieldType, grain: Grain, left: unknown, right: unknown, path: readonly string[], into: Difference): void {
  if (grain === "whole") compareWhole(left, right, path, into);
  else if (grain === "fields") compareFields(type, left, right, path, into);
  else compareItems(type as Structural, left, right, path, into);
}

/** A value that became one of another shape: what was inside is removed, what is inside now is added. */
function compareUnlike(type: FieldType, left: unknown, right: unknown, path: readonly string[], into: Difference): void {
  const [before, after] = [grainOf(type, left), grainOf(type, right)];
  if (before === "whole" || after === "whole") insert(into.modified, path);
  if (before !== "whole") compareParts(type, before, left, undefined, path, into);
  if (after !== "whole") compareParts(type, after, undefined, right, path, into);
}

function compare(type: FieldType, left: unknown, right: unknown, path: readonly string[], into: Difference): void {
  if (left === right) return;
  const bothEmpty = isEmptyPart(left) && isEmptyPart(right);
  if (!bothEmpty && (left ?? null) !== null && (right ?? null) !== null && shapeOf(left) !== shapeOf(right))
    return compareUnlike(type, left, right, path, into);
  const grain = grainOf(type, isEmptyPart(right) ? (left ?? right) : right);
  if (grain === "whole" || bothEmpty) return compareWhole(left, right, path, into);
  compareParts(type, grain, left, right, path, into);
  if (left === undefined) insert(into.added, path);
  else if (right === undefined) insert(into.removed, path);
}

/** Which fields an update removed, changed and added. */
export function compareObjects(type: FieldType, left: unknown, right: unknown): Comparison {
  const difference: Difference = { removed: newBuilder(), modified: newBuilder(), added: newBuilder() };
  compare(type, left, right, [], difference);
  return difference;
}

/** The value without the fields and items of a set; undefined when nothing is left of a list or map (inside, null stands for that, as on the real server). */
export function removeFields(type: FieldType, value: unknown, remove: FieldSet): unknown {
  const grain = grainOf(type, value);
  if (typeof value !== "object" || value === null) return value;
  if (grain === "whole") return undefined;
  if (grain === "items") return removeItems(type as Structural, value as readonly unknown[], remove);
  const kept: Fields = {};
  for (const [name, field] of Object.entries(value as Fields)) {
    const element = fieldElement(name);
    if (remove.members.has(element)) continue;
    const part = below(remove, element);
    kept[name] = part ? (removeFields(fieldType(type, name), field, part) ?? null) : field;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}

function removeItems(type: Structural, list: readonly unknown[], remove: FieldSet): unknown {
  const kept: unknown[] = [];
  for (const item of list) {
    const element = itemElement(type, item) ?? "";
    if (remove.members.has(element)) continue;
    const part = below(remove, element);
    kept.push(part ? (removeFields(type.items, item, part) ?? null) : item);
  }
  return kept.length > 0 ? kept : undefined;
}

/** Adds the named fields on the way to every path: a set made of `spec.a` then also holds `spec`, but no entry of a free map. */
export function withNamedParents(type: FieldType, set: FieldSet): FieldSet {
  const members = new Set(set.members);
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    if (name !== undefined && namedField(type, name)) members.add(element);
    children.set(element, withNamedParents(name === undefined ? type?.items : fieldType(type, name), child));
  }
  return { members, children };
}
