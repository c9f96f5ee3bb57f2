import type { AnyKind } from "./kind.ts";
import type { AnyNode, KeyRule, ListNode, MapNode, Node, NumberNode, ObjectNode, OpenNode, StringNode, TextOrObjectNode } from "./node.ts";
import type { AnyShape } from "./shape.ts";
import { QUANTITY_MAX, QUANTITY_PATTERN } from "./structural-form.ts";
import { valueDefinitions, valueReference } from "./value-forms.ts";

/** A piece of JSON Schema, draft 2020-12. */
export type EditorSchema = { [keyword: string]: unknown };

/** Not empty: the API server does not take "" for bytes. */
const BASE64_PATTERN = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$";

/** Definitions that were met on the way, by name. */
type Definitions = Record<string, EditorSchema>;

function present(facts: EditorSchema): EditorSchema {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** The keywords about text, without `type`. `errorMessage` is what VS Code and our own check show instead of a regular expression. */
function textFacts(node: StringNode): EditorSchema {
  if (node.enum) return { enum: [...node.enum] };
  const format = node.format === "byte" ? { contentEncoding: "base64", pattern: BASE64_PATTERN } : present({ format: node.format });
  return present({ pattern: node.pattern, minLength: node.minLength || undefined, maxLength: node.maxLength, ...format, errorMessage: node.expects });
}

function recordFacts(node: ObjectNode, definitions: Definitions): EditorSchema {
  const fields = Object.entries(node.fields);
  const required = fields.filter(([, field]) => !field.optional && field.default === undefined).map(([name]) => name);
  return {
    properties: Object.fromEntries(fields.map(([name, field]) => [name, editorForm(field, definitions)])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** Which half applies is decided by the JSON type, so that a mistake in one is reported once and in its own words. */
function textOrObject(node: TextOrObjectNode, definitions: Definitions): EditorSchema {
  const message = present({ errorMessage: node.text.expects });
  return { type: ["string", "object"], ...message, if: { type: "string" }, then: textFacts(node.text), else: recordFacts(node.object, definitions) };
}

function keyFacts(keys: KeyRule | undefined): EditorSchema {
  if (!keys) return {};
  const reserved = keys.reserved ? { not: { enum: [...keys.reserved] } } : {};
  return { propertyNames: { pattern: keys.pattern, errorMessage: keys.expects, ...reserved } };
}

function list(node: ListNode, definitions: Definitions): EditorSchema {
  return present({
    type: "array",
    items: editorForm(node.items, definitions),
    minItems: node.minItems,
    maxItems: node.maxItems,
    uniqueItems: node.merge === "set" ? true : undefined,
  });
}

function mapping(node: MapNode, definitions: Definitions): EditorSchema {
  return present({
    type: "object",
    ...keyFacts(node.keys),
    additionalProperties: editorForm(node.values, definitions),
    minProperties: node.minProperties,
    maxProperties: node.maxProperties,
  });
}

function openObject(node: OpenNode, definitions: Definitions): EditorSchema {
  if (!node.values) return { type: "object" };
  Object.assign(definitions, valueDefinitions(node.values));
  return { type: "object", ...keyFacts(node.keys), additionalProperties: { $ref: valueReference(node.values) } };
}

/** Beyond these a number of a manifest is no longer the integer that was written, and the API server takes it for a fraction. */
const EXACT_INTEGER = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

function numeric(node: NumberNode): EditorSchema {
  const exact = node.kind === "integer" ? EXACT_INTEGER : {};
  return { type: node.kind, ...exact, ...present({ minimum: node.minimum, maximum: node.maximum }) };
}

function anyValue(node: AnyNode, definitions: Definitions): EditorSchema {
  if (!node.values) return {};
  Object.assign(definitions, valueDefinitions(node.values));
  return { $ref: valueReference(node.values) };
}

function form(node: Node, definitions: Definitions): EditorSchema {
  switch (node.kind) {
    case "string":
      return { type: "string", ...textFacts(node) };
    case "integer":
    case "number":
      return numeric(node);
    case "boolean":
      return { type: "boolean" };
    case "quantity":
      return {
        type: ["string", "integer"],
        ...EXACT_INTEGER,
        pattern: QUANTITY_PATTERN,
        maxLength: QUANTITY_MAX,
        errorMessage: "a quantity such as 500m, 2Gi or 1",
      };
    case "text-or-object":
      return textOrObject(node, definitions);
    case "object":
      return { type: "object", ...recordFacts(node, definitions) };
    case "list":
      return list(node, definitions);
    case "map":
      return mapping(node, definitions);
    case "open":
      return openObject(node, definitions);
    case "any":
      return anyValue(node, definitions);
  }
}

/** The schema of a node. A named one is put under `$defs` the first time and referred to from then on. */
export function editorForm(node: Node, definitions: Definitions): EditorSchema {
  const facts = { ...(node.doc && { description: node.doc }), ...(node.default !== undefined && { default: node.default }) };
  if (node.name === undefined) return { ...facts, ...form(node, definitions) };
  if (!definitions[node.name]) {
    definitions[node.name] = {};
    definitions[node.name] = form(node, definitions);
  }
  return { ...facts, $ref: `#/$defs/${node.name}` };
}

const NAME_PATTERN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/** What a manifest may say about itself. The server owns the rest of metadata; a stored object that is checked has it too. */
function metadataForm(kind: AnyKind): EditorSchema {
  const texts = (description: string) => ({ type: "object", description, additionalProperties: { type: "string" } });
  return {
    type: "object",
    description: "Name, labels and annotations.",
    properties: {
      name: {
        type: "string",
        description: `Name of the ${kind.kind}.`,
        pattern: NAME_PATTERN,
        maxLength: 253,
        errorMessage: "a name: lower-case letters, digits and hyphens",
      },
      generateName: { type: "string", description: "Beginning of a name that the server completes; only with kubectl create." },
      ...(kind.namespaced && { namespace: { type: "string", description: "Namespace, <project>-<domain>." } }),
      labels: texts("Labels, to select by."),
      annotations: texts("Annotations, for tools."),
      finalizers: { type: "array", items: { type: "string" }, description: "What must happen before the object goes." },
      ...Object.fromEntries(SERVER_METADATA.map((name) => [name, { description: "Set by the server.", deprecated: true }])),
    },
    additionalProperties: false,
    if: { required: ["generateName"] },
    else: { required: ["name"] },
  };
}

/** JSON Schema (draft 2020-12) of a shape that is not a kind. */
export function shapeSchema(shape: AnyShape): EditorSchema {
  const definitions: Definitions = {};
  const root = editorForm(shape.node, definitions);
  return { $schema: "https://json-schema.org/draft/2020-12/schema", ...root, ...(Object.keys(definitions).length > 0 && { $defs: definitions }) };
}

const SERVER_METADATA = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "ownerReferences",
  "managedFields",
  "selfLink",
] as const;

/** JSON Schema (draft 2020-12) of one manifest of a kind. A mistake gives one error. */
export function editorSchema(kind: AnyKind): EditorSchema {
  const definitions: Definitions = {};
  const spec = editorForm(kind.spec.node, definitions);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: kind.kind,
    description: kind.doc,
    type: "object",
    required: ["apiVersion", "kind", "metadata", "spec"],
    properties: {
      apiVersion: { const: `${kind.group}/${kind.version}`, description: "Group and version." },
      kind: { const: kind.kind, description: "Kind of the object." },
      metadata: metadataForm(kind),
      spec: { ...spec, description: "What is wanted." },
    },
    additionalProperties: false,
    ...(Object.keys(definitions).length > 0 && { $defs: definitions }),
  };
}
