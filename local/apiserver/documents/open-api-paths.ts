import type { ServedKind } from "../kinds/served-kind.ts";

export type SchemaName = (kind: ServedKind) => string;

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

export const PATCH = { type: "object", description: "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body." };

const query = (name: string, type: string, description: string) => ({ name, in: "query", description, schema: { type, uniqueItems: true } });

const PRETTY = query("pretty", "string", "If 'true', then the output is pretty printed.");
const DRY_RUN = query(
  "dryRun",
  "string",
  "When present, indicates that modifications should not be persisted. Valid values are: - All: all dry run stages will be processed",
);
const FIELD_MANAGER = query("fieldManager", "string", "fieldManager is a name associated with the actor or entity that is making these changes.");
const FIELD_VALIDATION = query(
  "fieldValidation",
  "string",
  "fieldValidation instructs the server on how to handle objects in the request (POST/PUT/PATCH) containing unknown or duplicate fields. Valid values are: Ignore, Warn (default), Strict.",
);
const FORCE = query("force", "boolean", 'Force is going to "force" Apply requests: conflicting fields owned by other people are re-acquired.');
const LIST_PARAMETERS = [
  query("allowWatchBookmarks", "boolean", 'allowWatchBookmarks requests watch events with type "BOOKMARK".'),
  query("continue", "string", "The continue option asks for the next page of a list."),
  query("fieldSelector", "string", "A selector to restrict the list of returned objects by their fields. Defaults to everything."),
  query("labelSelector", "string", "A selector to restrict the list of returned objects by their labels. Defaults to everything."),
  query("limit", "integer", "limit is a maximum number of responses to return for a list call."),
  query("resourceVersion", "string", "resourceVersion sets a constraint on what resource versions a request may be served from."),
  query("resourceVersionMatch", "string", "resourceVersionMatch determines how resourceVersion is applied to list calls."),
  query("sendInitialEvents", "boolean", "sendInitialEvents asks a watch to begin with the objects there are."),
  query("timeoutSeconds", "integer", "Timeout for the list/watch call."),
  query("watch", "boolean", "Watch for changes to the described resources and return them as a stream of add, update, and remove notifications."),
];

const inPath = (name: string, description: string) => ({ name, in: "path", required: true, description, schema: { type: "string", uniqueItems: true } });
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object) => ({ "application/json": { schema }, "application/yaml": { schema } });

interface Operation {
  readonly action: string;
  readonly parameters: readonly object[];
  readonly body?: object;
  readonly answer: string;
}

function operation(kind: ServedKind, { action, parameters, body, answer }: Operation): object {
  const { group, version } = kind;
  return {
    description: `${action} ${kind.kind}`,
    operationId: `${action}${group.replace(/[^a-zA-Z0-9]/g, "")}${version}${kind.kind}${parameters.length}`,
    parameters: [...parameters, PRETTY],
    ...(body ? { requestBody: { content: body, required: true } } : {}),
    responses: { "200": { description: "OK", content: json(refTo(answer)) }, "401": { description: "Unauthorized" } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": { group, version, kind: kind.kind },
  };
}

function patchBody(kind: ServedKind): object {
  const types = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
  if (kind.builtin) types.push("application/strategic-merge-patch+json");
  return Object.fromEntries(types.map((type) => [type, { schema: refTo(`${META}.Patch`) }]));
}

const WRITE = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];

function objectOperations(kind: ServedKind, name: string, removable: boolean): Record<string, object> {
  const remove = { action: "delete", parameters: [DRY_RUN], body: json(refTo(`${META}.DeleteOptions`)), answer: `${META}.Status` };
  return {
    get: operation(kind, { action: "get", parameters: [], answer: name }),
    put: operation(kind, { action: "put", parameters: WRITE, body: json(refTo(name)), answer: name }),
    patch: operation(kind, { action: "patch", parameters: [...WRITE, FORCE], body: patchBody(kind), answer: name }),
    ...(removable ? { delete: operation(kind, remove) } : {}),
  };
}

function collectionOperations(kind: ServedKind, name: string): Record<string, object> {
  return {
    get: operation(kind, { action: "list", parameters: LIST_PARAMETERS, answer: `${name}List` }),
    post: operation(kind, { action: "post", parameters: WRITE, body: json(refTo(name)), answer: name }),
    delete: operation(kind, { action: "deletecollection", parameters: LIST_PARAMETERS, answer: `${META}.Status` }),
  };
}

/** The paths of one kind with their operations. */
export function pathsOf(kind: ServedKind, schemaName: SchemaName): Record<string, object> {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`;
  const name = schemaName(kind);
  const ofScope = kind.namespaced ? [inPath("namespace", "object name and auth scope, such as for teams and projects")] : [];
  const ofObject = [...ofScope, inPath("name", `name of the ${kind.kind}`)];
  const status = kind.subresources.includes("status") ? { [`${scope}/{name}/status`]: { ...objectOperations(kind, name, false), parameters: ofObject } } : {};
  const everywhere = kind.namespaced
    ? { [`${root}/${kind.plural}`]: { get: operation(kind, { action: "list", parameters: LIST_PARAMETERS, answer: `${name}List` }) } }
    : {};
  return {
    ...everywhere,
    [scope]: { ...collectionOperations(kind, name), parameters: ofScope },
    [`${scope}/{name}`]: { ...objectOperations(kind, name, true), parameters: ofObject },
    ...status,
  };
}
