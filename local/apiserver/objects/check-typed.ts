import { type Fields, isFields } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { pathText } from "./fields-v1.ts";
import { goSyntax, goText, goTypeName } from "./go-text.ts";
import { declares, fieldElement, fieldType, type FieldType, grainOf, itemElement } from "./field-type.ts";

interface Walk {
  readonly problems: string[];
}

function fits(type: string, value: unknown): boolean {
  switch (type) {
    case "object":
      return isFields(value);
    case "array":
      return Array.isArray(value);
    case "integer":
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    default:
      return typeof value === type;
  }
}

function report(path: readonly string[], message: string, walk: Walk): void {
  walk.problems.push(path.length === 0 ? message : `${pathText(path)}: ${message}`);
}

function mismatch(type: string, value: unknown): string {
  if (type === "object") return `expected map, got &{${goText(value)}}`;
  if (type === "array") return `expected list, got &{${goText(value)}}`;
  if (type === "string" || type === "boolean") return `expected ${type}, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
  return `expected numeric (int or float), got ${goTypeName(value)}`;
}

function checkItems(type: Structural, list: readonly unknown[], path: readonly string[], walk: Walk): void {
  const seen = new Set<string>();
  list.forEach((item, index) => {
    const element = itemElement(type, item);
    if (element === undefined) return report(path, `element ${index}: ${itemProblem(type, item)}`, walk);
    if (seen.has(element)) report(path, `duplicate entries for key ${pathText([element])}`, walk);
    seen.add(element);
    check(type.items, item, [...path, element], walk);
  });
}

function itemProblem(type: Structural, item: unknown): string {
  if (type.listType === "set")
    return item === null
      ? "associative list without keys has an element that's an explicit null"
      : "associative list without keys has an element that's a map type";
  if (item === null) return "associative list with keys may not have a null element";
  if (!isFields(item)) return "associative list with keys may not have non-map elements";
  const keys = type.listMapKeys.map((key) => `"${key}"`).join(" ");
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
}

function checkFields(type: FieldType, value: Fields, path: readonly string[], walk: Walk): void {
  for (const [name, field] of Object.entries(value)) {
    const fieldPath = [...path, fieldElement(name)];
    if (declares(type, name)) check(fieldType(type, name), field, fieldPath, walk);
    else report(fieldPath, "field not declared in schema", walk);
  }
}

function check(type: FieldType, value: unknown, path: readonly string[], walk: Walk): void {
  if (!type || value === null || value === undefined) return;
  const declared = type.types.length === 1 ? type.types[0] : undefined;
  if (declared && !fits(declared, value)) return report(path, mismatch(declared, value), walk);
  if (isFields(value)) checkFields(type, value, path, walk);
  else if (Array.isArray(value)) {
    if (grainOf(type, value) === "items") checkItems(type, value, path, walk);
    else value.forEach((item, index) => check(type.items, item, [...path, `i:${index}`], walk));
  }
}

/** Why an applied configuration cannot be understood by its schema, in the words of the real server; undefined when it can. */
export function typedProblem(type: Structural, value: Fields): string | undefined {
  const walk: Walk = { problems: [] };
  check(type, value, [], walk);
  if (walk.problems.length === 0) return undefined;
  return walk.problems.length === 1 ? walk.problems[0] : ["errors:", ...walk.problems.map((problem) => `  ${problem}`)].join("\n");
}
