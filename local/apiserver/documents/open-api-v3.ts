import type { JsonSchema } from "../../../schema/structural/index.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { builtinDefinitions, builtinKinds } from "../objects/index.ts";
import { PATCH, pathsOf, type SchemaName } from "./open-api-paths.ts";

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

type Definitions = Readonly<Record<string, JsonSchema>>;

/** `api/v1` or `apis/<group>/<version>`: the path of a group version below /openapi/v3. */
export function groupVersionPath({ group, version }: GroupVersion): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

export function servedGroupVersions(kinds: readonly ServedKind[]): GroupVersion[] {
  const found = new Map(kinds.map(({ group, version }) => [groupVersionPath({ group, version }), { group, version }]));
  return [...found.values()];
}

/** `io.k8s.api.core.v1.Pod`; for a custom kind its group back to front, `com.example.v1.Widget`. */
function schemaName(kind: ServedKind): string {
  const builtin = builtinKinds().find((one) => one.group === kind.group && one.version === kind.version && one.kind === kind.kind);
  return builtin?.definition ?? [...kind.group.split(".").reverse(), kind.version, kind.kind].join(".");
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const ref = (name: string): JsonSchema => ({ allOf: [{ $ref: `#/components/schemas/${name}` } as JsonSchema] });

const TYPE_FIELDS: Readonly<Record<string, JsonSchema>> = {
  apiVersion: {
    type: "string",
    description:
      "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
  },
  kind: {
    type: "string",
    description:
      "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
  },
};

const metadata = (type: string): JsonSchema => ({
  ...ref(`${META}.${type}`),
  description: "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
});

function gvkOf(kind: ServedKind, suffix = ""): object {
  return { "x-kubernetes-group-version-kind": [{ group: kind.group, version: kind.version, kind: `${kind.kind}${suffix}` }] };
}

const INTEGER_OR_TEXT = { anyOf: [{ type: "integer" }, { type: "string" }] };

/** The schema with what its extensions mean to clients that do not know them. */
function spelledOut(value: unknown, isName = false): unknown {
  if (Array.isArray(value)) return value.map((item) => spelledOut(item));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([key, child]) => [key, key === "default" && !isName ? child : spelledOut(child, !isName && key === "properties")]);
  const mixed = !isName && (value as Record<string, unknown>)["x-kubernetes-int-or-string"] === true;
  return { ...(mixed ? INTEGER_OR_TEXT : {}), ...(Object.fromEntries(fields) as object) };
}

function customSchema(kind: ServedKind): JsonSchema {
  const source = spelledOut(kind.schema.source) as JsonSchema;
  return { ...source, properties: { ...source.properties, ...TYPE_FIELDS, metadata: metadata("ObjectMeta") }, ...gvkOf(kind) };
}

function listSchema(kind: ServedKind, item: string): JsonSchema {
  const items: JsonSchema = {
    type: "array",
    items: ref(item),
    description: `List of ${kind.plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
  };
  const list = { group: kind.group, version: kind.version, kind: kind.listKind };
  return {
    type: "object",
    description: `${kind.listKind} is a list of ${kind.kind}`,
    required: ["items"],
    properties: { ...TYPE_FIELDS, items, metadata: metadata("ListMeta") },
    ...{ "x-kubernetes-group-version-kind": [list] },
  };
}

function refsOf(value: unknown, found: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === "$ref" && typeof child === "string") found.add(child.slice(child.lastIndexOf("/") + 1));
    else refsOf(child, found);
  }
}

/** The definitions reachable from some schemas, those included. */
function closure(roots: Readonly<Record<string, unknown>>, all: Definitions): Record<string, unknown> {
  const collected: Record<string, unknown> = { ...roots };
  const waiting = Object.values(roots);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const names = new Set<string>();
    refsOf(next, names);
    for (const name of names) {
      const definition = all[name];
      if (collected[name] || !definition) continue;
      collected[name] = definition;
      waiting.push(definition);
    }
  }
  return Object.fromEntries(Object.entries(collected).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Schemas of one kind and its list, by name. */
export function kindSchemas(kind: ServedKind, definitions: Definitions): Record<string, JsonSchema> {
  const name = schemaName(kind);
  const own = kind.builtin ? { ...definitions[name], ...gvkOf(kind) } : customSchema(kind);
  return { [name]: own, [`${name}List`]: listSchema(kind, name) };
}

export interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** The OpenAPI 3 document of one group version. */
export function openApiV3(groupVersion: GroupVersion, kinds: readonly ServedKind[]): OpenApi {
  const served = kinds.filter(({ group, version }) => group === groupVersion.group && version === groupVersion.version);
  const definitions = builtinDefinitions();
  const names: SchemaName = (kind) => schemaName(kind);
  const roots: Record<string, unknown> = { [`${META}.Patch`]: PATCH };
  for (const kind of served) Object.assign(roots, kindSchemas(kind, definitions));
  for (const type of ["DeleteOptions", "Status"]) if (definitions[`${META}.${type}`]) roots[`${META}.${type}`] = definitions[`${META}.${type}`];
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.36.0" },
    paths: Object.assign({}, ...served.map((kind) => pathsOf(kind, names))) as Record<string, object>,
    components: { schemas: closure(roots, definitions) },
  };
}
