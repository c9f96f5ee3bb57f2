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
const UNKNOWN: ReadonlySet<string> = new Set(["nullable", "oneOf", "anyOf", "not"]);
const METHODS: ReadonlySet<string> = new Set(["get", "put", "post", "delete", "patch"]);

function lowered(value: unknown, isName: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => lowered(item, false));
  if (typeof value !== "object" || value === null) return value;
  const only = (value as { allOf?: { $ref?: string }[] }).allOf;
  const fields: Fields = {};
  for (const [key, child] of Object.entries(value)) {
    if (!isName && (UNKNOWN.has(key) || (key === "allOf" && only?.length === 1 && only[0]?.$ref))) continue;
    if (key === "$ref") fields[key] = String(child).replace("#/components/schemas/", "#/definitions/");
    else fields[key] = lowered(child, !isName && key === "properties");
  }
  const ref = isName ? undefined : only?.length === 1 ? only[0]?.$ref : undefined;
  return ref ? { ...fields, $ref: ref.replace("#/components/schemas/", "#/definitions/") } : fields;
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
