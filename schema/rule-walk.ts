import { type Fields, fieldsOf, jsonEqual } from "../base/index.ts";
import type { KeyRule, ListNode, Node, ObjectNode, Rule } from "./node.ts";
import type { Problem } from "./problem.ts";

type Path = readonly (string | number)[];

/** What the walk needs at every step. `broken` says that the schema has already found a problem at or below a path. */
export interface Walk {
  readonly broken: (path: Path) => boolean;
  readonly report: (problem: Problem) => void;
}

/** Runs one rule; the caller has made sure that the value has the declared shape. */
export function runRule(rule: Rule, value: unknown, old: unknown, path: Path, walk: Walk): void {
  if (!rule.check || (rule.transition && old === undefined)) return;
  if (!rule.check(value, old)) walk.report({ path: [...path, ...(rule.at ?? [])], code: "RuleViolated", message: rule.message + foundWords(rule, value) });
}

function foundWords(rule: Rule, value: unknown): string {
  if (!rule.found) return "";
  const found = rule.found(value);
  return found.length === 0 ? "; here is none of them" : `; here are ${found.join(" and ")}`;
}

function immutableFields(node: ObjectNode, value: Fields, old: Fields, path: Path, walk: Walk): void {
  for (const [name, field] of Object.entries(node.fields)) {
    if (!field.immutable || jsonEqual(value[name], old[name])) continue;
    walk.report({
      path: [...path, name],
      code: "Immutable",
      message: `${name} is fixed when the object is created: make a new object under another name instead`,
    });
  }
}

function keyClashes(keys: KeyRule | undefined, value: Fields, path: Path, walk: Walk): void {
  if (!keys?.distinctIgnoringCase) return;
  const seen = new Map<string, string>();
  for (const key of Object.keys(value)) {
    const first = seen.get(key.toLowerCase());
    if (first !== undefined) walk.report({ path: [...path, key], code: "Duplicate", message: `"${key}" and "${first}" differ only in case: rename one` });
    else seen.set(key.toLowerCase(), key);
  }
}

function repeatedKeys(node: ListNode, items: readonly unknown[], path: Path, walk: Walk): void {
  if (typeof node.merge === "string") return;
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = node.merge.map((name) => String(fieldsOf(item)[name])).join("/");
    const first = seen.get(key);
    if (first !== undefined)
      walk.report({ path: [...path, index], code: "Duplicate", message: `${node.merge.join("/")} ${key} is already at position ${first}: remove one` });
    else seen.set(key, index);
  }
}

function children(node: Node, value: unknown, old: unknown): [step: string | number, node: Node, value: unknown, old: unknown][] {
  const before = fieldsOf(old);
  if (node.kind === "object") return Object.entries(node.fields).map(([name, field]) => [name, field, fieldsOf(value)[name], before[name]]);
  if (node.kind === "map") return Object.entries(fieldsOf(value)).map(([key, item]) => [key, node.values, item, before[key]]);
  if (node.kind === "list" && Array.isArray(value)) return value.map((item, index) => [index, node.items, item, undefined]);
  if (node.kind === "text-or-object" && typeof value === "object") return [["", node.object, value, old]];
  return [];
}

/** Checks everything that a schema cannot say: rules, immutable fields, keys. Values are given with their defaults. */
export function walkRules(node: Node, value: unknown, old: unknown, path: Path, walk: Walk): void {
  if (value === undefined) return;
  for (const [step, child, item, before] of children(node, value, old)) walkRules(child, item, before, step === "" ? path : [...path, step], walk);
  if (walk.broken(path)) return;
  if (node.kind === "object" && old !== undefined) immutableFields(node, fieldsOf(value), fieldsOf(old), path, walk);
  if (node.kind === "map" || node.kind === "open") keyClashes(node.keys, fieldsOf(value), path, walk);
  if (node.kind === "list" && Array.isArray(value)) repeatedKeys(node, value, path, walk);
  for (const rule of node.rules ?? []) runRule(rule, value, old, path, walk);
}
