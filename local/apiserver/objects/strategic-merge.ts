import { type Fields, isFields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { goText } from "./go-text.ts";
import { fieldType, type FieldType, resourceType } from "./field-type.ts";

export type StrategicResult =
  { readonly kind: "merged"; readonly object: KubeObject } | { readonly kind: "invalid"; readonly status: 400 | 500; readonly message: string };

const DIRECTIVE = "$patch";
const RETAIN = "$retainKeys";
const DELETE_PREFIX = "$deleteFromPrimitiveList/";
const ORDER_PREFIX = "$setElementOrder/";

class PatchProblem extends Error {
  constructor(
    message: string,
    readonly status: 400 | 500 = 500,
  ) {
    super(message);
  }
}

function strategyOf(type: FieldType): "merge" | "replace" {
  return type?.patchStrategies.includes("merge") ? "merge" : "replace";
}

const isDirective = (key: string): boolean => key === DIRECTIVE || key === RETAIN || key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX);

const isInstruction = (value: unknown): boolean => isFields(value) && value[DIRECTIVE] !== undefined;

/** A value of the patch without its directives, for where there is nothing to merge with. What only instructs leaves nothing. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isInstruction(item)).map(bare);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([key, field]) => !isDirective(key) && field !== null && !isInstruction(field));
  return Object.fromEntries(kept.map(([key, field]) => [key, bare(field)]));
}

function retained(live: Fields, patch: Fields): Fields {
  const keys = patch[RETAIN];
  if (keys === undefined) return live;
  if (!Array.isArray(keys)) throw new PatchProblem("invalid patch format of retainKeys", 400);
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && patch[key] !== null && !keys.includes(key)) throw new PatchProblem("invalid patch format of retainKeys", 400);
  }
  return Object.fromEntries(Object.entries(live).filter(([key]) => keys.includes(key)));
}

function setField(object: Fields, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function mergeMaps(type: FieldType, live: Fields, patch: Fields): Fields {
  const directive = patch[DIRECTIVE];
  if (directive === "delete") return {};
  if (directive === "replace") return bare(patch) as Fields;
  if (directive !== undefined && directive !== "merge") throw new PatchProblem(`unknown patch type found: ${String(directive)}`);
  const merged: Fields = { ...retained(live, patch) };
  for (const key of Object.keys(patch)) {
    const list = key.startsWith(DELETE_PREFIX) ? key.slice(DELETE_PREFIX.length) : key.startsWith(ORDER_PREFIX) ? key.slice(ORDER_PREFIX.length) : undefined;
    if (list !== undefined && !Object.hasOwn(patch, list)) mergeField(type, merged, patch, list);
    else if (!isDirective(key)) mergeField(type, merged, patch, key);
  }
  return merged;
}

function mergeField(type: FieldType, merged: Fields, patch: Fields, key: string): void {
  const value = patch[key];
  if (value === null) {
    delete merged[key];
    return;
  }
  const child = fieldType(type, key);
  const live = merged[key];
  if (Array.isArray(value) && Array.isArray(patch[`${ORDER_PREFIX}${key}`]) && child)
    checkOrder(child, value, patch[`${ORDER_PREFIX}${key}`] as readonly unknown[]);
  const instructions: ListPatch = { items: value, remove: patch[`${DELETE_PREFIX}${key}`], order: patch[`${ORDER_PREFIX}${key}`] };
  if (Array.isArray(live) && (Array.isArray(value) || value === undefined) && strategyOf(child) === "merge")
    setField(merged, key, mergeLists(child as Structural, live, instructions));
  else if (value !== undefined)
    setField(merged, key, isFields(value) && isFields(live) && strategyOfMap(child) === "merge" ? mergeMaps(child, live, value) : bare(value));
  if (isInstruction(value) && !isFields(live)) delete merged[key];
}

/** Maps are merged unless the schema says that a strategic merge replaces them. */
function strategyOfMap(type: FieldType): "merge" | "replace" {
  return type?.patchStrategies.includes("replace") ? "replace" : "merge";
}

interface ListPatch {
  readonly items: unknown;
  readonly remove: unknown;
  readonly order: unknown;
}

function keyOf(type: Structural, item: unknown): unknown {
  if (!isFields(item)) throw new PatchProblem("list of maps holds something that is not a map");
  const key = item[type.patchMergeKey ?? ""];
  if (key === undefined) throw new PatchProblem(`map: ${JSON.stringify(item)} does not contain declared merge key: ${type.patchMergeKey ?? ""}`);
  return key;
}

function mergeItems(type: Structural, live: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (patch.some((item) => isFields(item) && item[DIRECTIVE] === "replace"))
    return patch.filter((item) => !isFields(item) || item[DIRECTIVE] === undefined).map(bare);
  let merged = [...live];
  for (const item of patch) {
    const key = keyOf(type, item);
    const same = (other: unknown) => jsonEqual(isFields(other) ? other[type.patchMergeKey ?? ""] : undefined, key);
    if (isFields(item) && item[DIRECTIVE] === "delete") merged = merged.filter((other) => !same(other));
    else if (merged.some(same)) merged = merged.map((other) => (same(other) ? mergeMaps(type.items, other as Fields, item as Fields) : other));
    else merged.push(bare(item));
  }
  return merged;
}

function mergeScalars(live: readonly unknown[], patch: ListPatch): unknown[] {
  const among = (list: readonly unknown[], item: unknown) => list.some((one) => jsonEqual(one, item));
  const items = Array.isArray(patch.items) ? (patch.items as readonly unknown[]) : [];
  return [...live, ...items.filter((item, index) => !among(live, item) && !among(items.slice(0, index), item))];
}

/** The order must name every item of the patch, and name them in the patch's own order. */
function checkOrder(type: Structural, items: readonly unknown[], order: readonly unknown[]): void {
  const identify = (item: unknown): unknown => (isFields(item) ? item[type.patchMergeKey ?? ""] : item);
  if (order.length === 0) return;
  const kept = items.filter((item) => !isFields(item) || item[DIRECTIVE] !== "delete");
  let matched = 0;
  for (const one of order) if (matched < kept.length && jsonEqual(identify(one), identify(kept[matched]))) matched++;
  if (matched < kept.length) throw new PatchProblem(`The order in patch list:\n${goText(items)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
}

/** Items named by the order stand in that order; the others before those that came after them in the live list, else at the end. */
function ordered(items: readonly unknown[], live: readonly unknown[], order: readonly unknown[], identify: (item: unknown) => unknown): unknown[] {
  const rank = (item: unknown): number => order.findIndex((one) => jsonEqual(identify(one), identify(item)));
  const place = (item: unknown): number => live.findIndex((one) => jsonEqual(identify(one), identify(item)));
  const named = items.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
  const others = items.filter((item) => rank(item) < 0).sort((left, right) => place(left) - place(right));
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [first, other] = [place(named[0]), place(others[0])];
    const otherFirst = first >= 0 && other >= 0 && other < first;
    result.push(otherFirst ? others.shift() : named.shift());
  }
  return [...result, ...named, ...others];
}

/**
 * The live order as the real server remembers it once items were deleted: its list is compacted in place and new items
 * take the freed places.
 */
function rememberedOrder(live: readonly unknown[], merged: readonly unknown[], identify: (item: unknown) => unknown): readonly unknown[] {
  const among = (list: readonly unknown[], item: unknown) => list.some((one) => jsonEqual(identify(one), identify(item)));
  const left = live.filter((item) => among(merged, item));
  if (left.length === live.length) return live;
  return [...left, ...merged.filter((item) => !among(live, item))].slice(0, live.length);
}

function mergeLists(type: Structural, live: readonly unknown[], patch: ListPatch): unknown[] {
  const items = Array.isArray(patch.items) ? (patch.items as readonly unknown[]) : [];
  const { patchMergeKey } = type;
  const identify = (item: unknown): unknown => (patchMergeKey === undefined ? item : isFields(item) ? item[patchMergeKey] : undefined);
  const merged = patchMergeKey === undefined ? mergeScalars(live, patch) : mergeItems(type, live, items);
  let result = ordered(merged, live, items, identify);
  if (Array.isArray(patch.order)) result = ordered(result, rememberedOrder(live, merged, identify), patch.order as readonly unknown[], identify);
  const removed = Array.isArray(patch.remove) ? (patch.remove as readonly unknown[]) : [];
  return result.filter((item) => !removed.some((one) => jsonEqual(one, item)));
}

/** A strategic merge patch of a built-in object. Custom resources have none: the pipeline answers 415 before. */
export function strategicMerge(schema: Structural, live: KubeObject, patch: unknown): StrategicResult {
  if (!isFields(patch)) return { kind: "invalid", status: 400, message: "patch must be an object" };
  try {
    return { kind: "merged", object: mergeMaps(resourceType(schema), live, patch) as KubeObject };
  } catch (thrown) {
    if (thrown instanceof PatchProblem) return { kind: "invalid", status: thrown.status, message: thrown.message };
    throw thrown;
  }
}
