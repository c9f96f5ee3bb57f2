import type { ListNode, MapNode, Node, NumberNode, ObjectNode, OpenNode, QuantityNode, Rule, StringNode, TextOrObjectNode } from "./node.ts";

/** A piece of `openAPIV3Schema`. */
export type Structural = { [keyword: string]: unknown };

/** Kubernetes' grammar of quantities. */
export const QUANTITY_PATTERN = "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
export const QUANTITY_MAX = 64;

/** Generation stops here: the declaration says something that no API server could enforce. */
export class Undeclarable extends Error {
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.name = "Undeclarable";
  }
}

const CEL_KEYWORDS = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

/** A field name as a CEL rule on the API server must spell it. */
export function celField(name: string): string {
  return CEL_KEYWORDS.has(name) ? `__${name}__` : name;
}

/** Only the facts that are there: absent ones must not appear as `undefined` in the manifest. */
function present(facts: Structural): Structural {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

function text(node: StringNode): Structural {
  if (node.enum) return { type: "string", enum: [...node.enum] };
  // Not `byte`: a real API server accepts base64 there, but its rules read it in the alphabet of URLs and fail on every `+` and `/`.
  const format = node.format === "byte" ? undefined : node.format;
  return present({ type: "string", format, pattern: node.pattern, minLength: node.minLength, maxLength: node.maxLength });
}

function numeric(node: NumberNode): Structural {
  const format = node.kind === "integer" ? { format: "int64" } : {};
  return present({ type: node.kind, ...format, minimum: node.minimum, maximum: node.maximum });
}

/** No type: the server lets text and objects through, and its bounds on numbers and lists can never be met. */
function textOrObject(node: TextOrObjectNode, path: string): Structural {
  const { properties, required } = record(node.object, path);
  const withDefault = Object.entries(node.object.fields).find(([, field]) => field.default !== undefined);
  if (withDefault) throw new Undeclarable(`${path}.${withDefault[0]}`, "a default inside a value without a type is never applied by the server");
  return present({
    "x-kubernetes-preserve-unknown-fields": true,
    properties,
    required,
    pattern: node.text.pattern,
    maxLength: node.text.maxLength,
    minimum: 1,
    maximum: 0,
    minItems: 1,
    maxItems: 0,
  });
}

/** Every optional field that may not change may not come or go either: `null` and then a new value would pass otherwise. */
function presenceRule(node: ObjectNode): Rule[] {
  const fixed = Object.entries(node.fields)
    .filter(([, field]) => field.immutable && field.optional)
    .map(([name]) => name);
  if (fixed.length === 0) return [];
  const cel = fixed.map((name) => `has(self.${celField(name)}) == has(oldSelf.${celField(name)})`).join(" && ");
  return [
    { cel, transition: true, message: `may be neither added nor removed once the object is created (make a new one under another name): ${fixed.join(", ")}` },
  ];
}

function record(node: ObjectNode, path: string): Structural {
  const properties: Record<string, Structural> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(node.fields)) {
    const at = `${path}.${name}`;
    if (!field.doc) throw new Undeclarable(at, "every field needs a line of documentation");
    if (field.immutable && field.default !== undefined) throw new Undeclarable(at, "an immutable field may not have a default: the default could never change");
    properties[name] = structuralForm(field, at);
    if (!field.optional && field.default === undefined) required.push(name);
  }
  return { type: "object", properties, ...(required.length > 0 && { required }) };
}

function list(node: ListNode, path: string): Structural {
  const byKey = typeof node.merge === "string" ? undefined : [...node.merge];
  return present({
    type: "array",
    minItems: node.minItems,
    maxItems: node.maxItems,
    "x-kubernetes-list-type": byKey ? "map" : node.merge,
    "x-kubernetes-list-map-keys": byKey,
    items: structuralForm(node.items, `${path}[]`),
  });
}

function mapping(node: MapNode, path: string): Structural {
  return present({
    type: "object",
    minProperties: node.minProperties,
    maxProperties: node.maxProperties,
    "x-kubernetes-map-type": node.atomic ? "atomic" : undefined,
    additionalProperties: structuralForm(node.values, `${path}.*`),
  });
}

function form(node: Node, path: string): Structural {
  switch (node.kind) {
    case "string":
      return text(node);
    case "integer":
    case "number":
      return numeric(node);
    case "boolean":
      return { type: "boolean" };
    case "quantity":
      return quantity(node);
    case "text-or-object":
      return textOrObject(node, path);
    case "object":
      return record(node, path);
    case "list":
      return list(node, path);
    case "map":
      return mapping(node, path);
    case "open":
      return openObject(node);
    case "any":
      return { "x-kubernetes-preserve-unknown-fields": true, nullable: true };
  }
}

function quantity(_node: QuantityNode): Structural {
  return { "x-kubernetes-int-or-string": true, pattern: QUANTITY_PATTERN, maxLength: QUANTITY_MAX };
}

function openObject(_node: OpenNode): Structural {
  return { type: "object", "x-kubernetes-preserve-unknown-fields": true };
}

function validations(node: Node): Structural[] {
  const frozen: Rule[] = node.immutable
    ? [{ cel: "self == oldSelf", transition: true, message: "is fixed when the object is created: make a new object under another name instead" }]
    : [];
  const presence = node.kind === "object" ? presenceRule(node) : [];
  return [...frozen, ...presence, ...(node.rules ?? [])].flatMap((rule) => (rule.cel === undefined ? [] : [validation(rule, node)]));
}

/** One entry of `x-kubernetes-validations`. A field path is only legal below an object with declared fields. */
export function validation(rule: Rule, node?: Node): Structural {
  const at = rule.at && node?.kind === "object" ? { fieldPath: rule.at.map((step) => `.${step}`).join("") } : {};
  return { rule: rule.cel, message: rule.message, ...at };
}

/**
 * The structural schema of a node, as a real API server of 1.29 or newer accepts it. Throws Undeclarable when the declaration
 * has no such form.
 */
export function structuralForm(node: Node, path: string): Structural {
  if (node.doc?.includes("\n")) throw new Undeclarable(path, "documentation is one line");
  const rules = validations(node);
  return {
    ...(node.doc && { description: node.doc }),
    ...form(node, path),
    ...(node.default !== undefined && { default: node.default }),
    ...(rules.length > 0 && { "x-kubernetes-validations": rules }),
  };
}
