import type { Fields } from "../../../base/index.ts";
import type { JsonSchema } from "../../../schema/structural/index.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { openApiV3, servedGroupVersions } from "./open-api-v3.ts";

/** Swagger 2.0, as far as Kubernetes clients read it. */
export interface Swagger {
  readonly swagger: "2.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, SwaggerOperation>>>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

export interface SwaggerOperation {
  readonly description: string;
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly type: string; readonly description: string }[];
  readonly extensions: Fields;
}

/** Keywords that Swagger 2.0 does not have. */
const UNKNOWN: ReadonlySet<string> = new Set(["nullable", "oneOf", "anyOf", "not", "default"]);
/** What clients would refuse values by that may be null, or hold more than is known. */
const NARROWING: ReadonlySet<string> = new Set(["type", "items", "properties", "additionalProperties"]);
const METHODS: ReadonlySet<string> = new Set(["get", "put", "post", "delete", "patch"]);

/** The one schema that another consists of. */
function soleReference(schema: Fields): string | undefined {
  const all = schema["allOf"] as readonly { readonly $ref?: string }[] | undefined;
  return all?.length === 1 ? all[0]?.$ref : undefined;
}

const isOpen = (schema: Fields): boolean => schema["nullable"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
const toDefinition = (reference: string): string => reference.replace("#/components/schemas/", "#/definitions/");

function loweredSchema(schema: Fields): Fields {
  const sole = soleReference(schema);
  const open = isOpen(schema);
  const fields: Fields = {};
  for (const [key, child] of Object.entries(schema)) {
    if (UNKNOWN.has(key) || (open && NARROWING.has(key)) || (sole !== undefined && key === "allOf")) continue;
    fields[key] = key === "$ref" ? toDefinition(String(child)) : lowered(child, key === "properties");
  }
  return sole === undefined ? fields : { ...fields, $ref: toDefinition(sole) };
}

function lowered(value: unknown, isNames: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => lowered(item, false));
  if (typeof value !== "object" || value === null) return value;
  if (isNames) return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, lowered(child, false)]));
  return loweredSchema(value as Fields);
}

interface V3Operation {
  description: string;
  operationId: string;
  parameters: { name: string; in: string; description: string; schema: { type: string } }[];
}

function operation(source: V3Operation): SwaggerOperation {
  const extensions = Object.entries(source).filter(([key]) => key.startsWith("x-"));
  const parameters = source.parameters.map(({ name, in: where, description, schema }) => ({ name, in: where, description, type: schema.type }));
  return { description: source.description, operationId: source.operationId, parameters, extensions: Object.fromEntries(extensions) };
}

function operations(item: Fields): Record<string, SwaggerOperation> {
  const found = Object.entries(item).filter(([method]) => METHODS.has(method));
  return Object.fromEntries(found.map(([method, source]) => [method, operation(source as V3Operation)]));
}

/** One Swagger document of everything served: for clients older than OpenAPI 3. */
export function openApiV2(kinds: readonly ServedKind[]): Swagger {
  const paths: Record<string, Record<string, SwaggerOperation>> = {};
  const definitions: Record<string, JsonSchema> = {};
  for (const groupVersion of servedGroupVersions(kinds)) {
    const document = openApiV3(groupVersion, kinds);
    for (const [path, item] of Object.entries(document.paths)) paths[path] = operations(item as Fields);
    for (const [name, schema] of Object.entries(document.components.schemas)) definitions[name] ??= lowered(schema, false) as JsonSchema;
  }
  return { swagger: "2.0", info: { title: "Kubernetes", version: "v1.36.0" }, paths, definitions };
}

/** The document as JSON has it: extensions beside the fields. */
export function swaggerJson(swagger: Swagger): object {
  const operationJson = ({ extensions, ...rest }: SwaggerOperation) => ({ ...rest, responses: { "200": { description: "OK" } }, ...extensions });
  const paths = Object.entries(swagger.paths).map(([path, item]) => [
    path,
    Object.fromEntries(Object.entries(item).map(([method, one]) => [method, operationJson(one)])),
  ]);
  return { ...swagger, paths: Object.fromEntries(paths) as object };
}
