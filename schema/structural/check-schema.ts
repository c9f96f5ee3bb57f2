import { jsonEqual } from "../../base/index.ts";
import type { Cause } from "./cause.ts";
import { checkDefaults } from "./check-default.ts";
import { checkExtensions } from "./check-extensions.ts";
import { forbidden, invalid, notSupported, required } from "./field-error.ts";
import type { JsonSchema } from "./json-schema.ts";
import { compilePattern } from "./pattern.ts";

type Level = "root" | "item" | "field";

const INT_OR_STRING: readonly JsonSchema[] = [{ type: "integer" }, { type: "string" }];
const TYPES: ReadonlySet<string> = new Set(["array", "boolean", "integer", "number", "object", "string"]);
const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};
/** Keywords of JSON Schema that the API server refuses wherever they stand. */
const UNSUPPORTED = [
  "$ref",
  "definitions",
  "dependencies",
  "deprecated",
  "discriminator",
  "id",
  "patternProperties",
  "readOnly",
  "writeOnly",
  "xml",
  "additionalItems",
] as const;

/** Every schema directly inside, with the path to it. */
function structuralChildren(schema: JsonSchema, path: string): [string, JsonSchema, Level][] {
  const children: [string, JsonSchema, Level][] = Object.entries(schema.properties ?? {}).map(([name, child]) => [
    `${path}.properties[${name}]`,
    child,
    "field",
  ]);
  if (schema.items && !Array.isArray(schema.items)) children.push([`${path}.items`, schema.items, "item"]);
  if (typeof schema.additionalProperties === "object") children.push([`${path}.additionalProperties`, schema.additionalProperties, "field"]);
  return children;
}

function checkUnsupported(schema: JsonSchema, path: string): Cause[] {
  const causes: Cause[] = UNSUPPORTED.filter((keyword) => Object.hasOwn(schema, keyword)).map((keyword) =>
    forbidden(`${path}.${keyword}`, `${keyword} is not supported`),
  );
  if (Array.isArray(schema.items)) causes.push(forbidden(`${path}.items`, "items must be a schema object and not an array"));
  if (schema.uniqueItems) causes.push(forbidden(`${path}.uniqueItems`, "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
  if (schema.additionalProperties !== undefined && schema.properties !== undefined && Object.keys(schema.properties).length > 0) {
    causes.push(forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"));
  }
  return causes;
}

function checkType(schema: JsonSchema, path: string, level: Level): Cause[] {
  const open = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema["x-kubernetes-embedded-resource"] && schema.type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    return [schema.type ? invalid(`${path}.type`, schema.type, detail) : required(`${path}.type`, detail)];
  }
  if (!schema.type) return open ? [] : [required(`${path}.type`, MISSING_TYPE[level])];
  if (!TYPES.has(schema.type)) return [notSupported(`${path}.type`, schema.type, [...TYPES])];
  return level === "root" && schema.type !== "object" ? [invalid(`${path}.type`, schema.type, "must be object at the root")] : [];
}

function checkMetadata(schema: JsonSchema, path: string, level: Level): Cause[] {
  const isResource = level === "root" || schema["x-kubernetes-embedded-resource"] === true;
  if (!isResource) return [];
  const causes: Cause[] = [];
  for (const name of ["kind", "apiVersion"]) {
    const type = schema.properties?.[name]?.type;
    if (schema.properties?.[name] && type !== "string") causes.push(invalid(`${path}.properties[${name}].type`, type ?? "", "must be string"));
  }
  const metadata = schema.properties?.["metadata"];
  if (!metadata) return causes;
  const metadataPath = `${path}.properties[metadata]`;
  if (metadata.type !== "object") causes.push(invalid(`${metadataPath}.type`, metadata.type ?? "", "must be object"));
  const { type: _type, properties = {}, description: _description, ...rest } = metadata;
  const allowed = Object.keys(properties).every((name) => name === "name" || name === "generateName");
  if (level === "root" && (!allowed || Object.keys(rest).length > 0)) {
    causes.push(forbidden(metadataPath, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
  }
  return causes;
}

function checkPlacement(schema: JsonSchema, path: string, level: Level): Cause[] {
  const causes: Cause[] = [];
  if (schema.type === "array" && !schema.items) causes.push(required(`${path}.items`, "must be specified"));
  if (schema.additionalProperties !== undefined && level === "root") causes.push(forbidden(`${path}.additionalProperties`, "must not be used at the root"));
  if (!schema["x-kubernetes-embedded-resource"]) return causes;
  if (schema.additionalProperties !== undefined)
    causes.push(forbidden(`${path}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set"));
  if (!schema["x-kubernetes-preserve-unknown-fields"] && Object.keys(schema.properties ?? {}).length === 0) {
    causes.push(required(`${path}.properties`, "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
  }
  return causes;
}

function checkPattern(schema: JsonSchema, path: string): Cause[] {
  if (!schema.pattern) return [];
  const { problem } = compilePattern(schema.pattern);
  return problem === undefined ? [] : [invalid(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${problem}`)];
}

const NESTED_FORBIDDEN = [
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["default", "must be undefined to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
] as const;

/** What stands inside a junctor may check values but not say what they are. `around` is the schema that says it. */
function checkNested(schema: JsonSchema, around: JsonSchema | undefined, path: string, skipAnyOf: boolean): Cause[] {
  const causes = checkJunctors(schema, around, path, skipAnyOf, false);
  if (schema.type) causes.push(forbidden(`${path}.type`, "must be empty to be structural"));
  for (const [keyword, detail] of NESTED_FORBIDDEN) {
    const value = schema[keyword];
    const present = value !== undefined && value !== false && value !== "";
    if (present && !(keyword === "x-kubernetes-validations" && path.includes("allOf"))) causes.push(forbidden(`${path}.${keyword}`, detail));
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const childPath = `${path}.properties[${name}]`;
    if (name === "metadata") causes.push(forbidden(childPath, "must not be specified in a nested context"));
    const outer = around?.properties?.[name];
    if (!outer) causes.push(required(outsidePath(childPath), `because it is defined in ${childPath}`));
    causes.push(...checkNested(child, outer, childPath, false));
  }
  if (schema.items) {
    if (!around?.items) causes.push(required(outsidePath(`${path}.items`), `because it is defined in ${path}.items`));
    causes.push(...checkNested(schema.items, around?.items, `${path}.items`, false));
  }
  return causes;
}

/** Where the structure itself would say what a junctor talks about. */
function outsidePath(path: string): string {
  return path.replace(/\.(?:anyOf|allOf|oneOf)\[\d+\]|\.not\b/g, "");
}

function checkJunctors(schema: JsonSchema, around: JsonSchema | undefined, path: string, skipAnyOf: boolean, intOrString: boolean): Cause[] {
  const causes = checkPattern(schema, path);
  if (!skipAnyOf) schema.anyOf?.forEach((one, index) => causes.push(...checkNested(one, around, `${path}.anyOf[${index}]`, false)));
  schema.allOf?.forEach((one, index) => {
    const first = intOrString && index === 0 && jsonEqual(one.anyOf, INT_OR_STRING);
    causes.push(...checkNested(one, around, `${path}.allOf[${index}]`, first));
  });
  schema.oneOf?.forEach((one, index) => causes.push(...checkNested(one, around, `${path}.oneOf[${index}]`, false)));
  if (schema.not) causes.push(...checkNested(schema.not, around, `${path}.not`, false));
  return causes;
}

function checkNode(schema: JsonSchema, path: string, level: Level): Cause[] {
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  return [
    ...checkUnsupported(schema, path),
    ...checkPlacement(schema, path, level),
    ...checkType(schema, path, level),
    ...checkMetadata(schema, path, level),
    ...checkExtensions(schema, path),
    ...checkJunctors(schema, schema, path, intOrString && jsonEqual(schema.anyOf, INT_OR_STRING), intOrString),
    ...structuralChildren(schema, path).flatMap(([childPath, child, childLevel]) => checkNode(child, childPath, childLevel)),
  ];
}

/**
 * Whether a CRD may carry this schema: structural rules, forbidden keywords, patterns, list and map types, rules that
 * compile, defaults that are valid. `path` is the field of the schema in its CRD, e.g.
 * `spec.versions[0].schema.openAPIV3Schema`. An empty array means acceptable.
 */
export function checkStructuralSchema(schema: JsonSchema, path = "openAPIV3Schema"): Cause[] {
  const causes = checkNode(schema, path, "root");
  return causes.length > 0 ? causes : checkDefaults(schema, path);
}
