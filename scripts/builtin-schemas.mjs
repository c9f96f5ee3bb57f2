// Writes local/apiserver/builtin-schemas.json: the OpenAPI shape of the built-in kinds that the embedded API server serves,
// derived from the models of @kubernetes/client-node and the tables in builtin-schema-hints.mjs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { atomicMaps, defaults, enums, keyedLists, noPatch, patchOnly, quantities, retainKeys, sets } from "./builtin-schema-hints.mjs";

const MODELS = "node_modules/@kubernetes/client-node/dist/gen/models";
const TARGET = "local/apiserver/builtin-schemas.json";

const CORE = "io.k8s.api.core.v1";
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

/** Packages of definitions that are not in core/v1, by name of the model without `V1`. */
const PACKAGES = [
  [
    META,
    /^(ObjectMeta|OwnerReference|ManagedFieldsEntry|LabelSelector(Requirement)?|FieldSelectorRequirement|Status(Details|Cause)?|ListMeta|ShardInfo|Condition)$/,
  ],
  ["io.k8s.api.rbac.v1", /^((Cluster)?Role(Binding)?|RoleRef|PolicyRule|AggregationRule|Subject)$/],
  ["io.k8s.api.networking.v1", /^(NetworkPolicy.*|IPBlock)$/],
  ["io.k8s.api.coordination.v1", /^Lease(Spec)?$/],
  ["io.k8s.api.apps.v1", /^((Deployment|ReplicaSet)(Spec|Status|Strategy|Condition)?|RollingUpdateDeployment)$/],
  ["io.k8s.api.discovery.v1", /^(Endpoint(Slice|Conditions|Hints)?|For(Zone|Node))$/],
  ["io.k8s.api.autoscaling.v1", /^Scale(Spec|Status)?$/],
  ["io.k8s.api.authorization.v1", /AccessReview|RulesReview|^(Non)?Resource(Rule|Attributes)$|^(Label|Field)SelectorAttributes$/],
  [
    EXTENSIONS,
    /^(CustomResource.*|JSONSchemaProps|ValidationRule|SelectableField|ExternalDocumentation|WebhookConversion|WebhookClientConfig|ServiceReference)$/,
  ],
];

/** Kinds served: group, model, and the definition's name where it is not derived from the model's. */
const KINDS = [
  ["", "V1Pod"],
  ["", "V1Node"],
  ["", "V1Namespace"],
  ["", "V1ConfigMap"],
  ["", "V1Secret"],
  ["", "V1ServiceAccount"],
  ["", "V1Service"],
  ["", "V1Endpoints"],
  ["", "CoreV1Event"],
  ["", "V1ResourceQuota"],
  ["", "V1LimitRange"],
  ["events.k8s.io", "EventsV1Event"],
  ["coordination.k8s.io", "V1Lease"],
  ["apps", "V1Deployment"],
  ["apps", "V1ReplicaSet"],
  ["discovery.k8s.io", "V1EndpointSlice"],
  ["autoscaling", "V1Scale"],
  ["rbac.authorization.k8s.io", "V1Role"],
  ["rbac.authorization.k8s.io", "V1RoleBinding"],
  ["rbac.authorization.k8s.io", "V1ClusterRole"],
  ["rbac.authorization.k8s.io", "V1ClusterRoleBinding"],
  ["networking.k8s.io", "V1NetworkPolicy"],
  ["apiextensions.k8s.io", "V1CustomResourceDefinition"],
  ["authorization.k8s.io", "V1SelfSubjectAccessReview"],
  ["authorization.k8s.io", "V1SubjectAccessReview"],
  ["authorization.k8s.io", "V1LocalSubjectAccessReview"],
  ["authorization.k8s.io", "V1SelfSubjectRulesReview"],
];

/** `V1Pod` → Pod, `RbacV1Subject` → Subject. */
const shortName = (model) => model.replace(/^(Core|Events|Rbac|Apiextensions|Discovery)?V1/, "");

function definitionName(model) {
  if (model.startsWith("EventsV1")) return `io.k8s.api.events.v1.${shortName(model)}`;
  if (model.startsWith("DiscoveryV1")) return `io.k8s.api.discovery.v1.${shortName(model)}`;
  if (model.startsWith("CoreV1")) return `${CORE}.${shortName(model)}`;
  const name = shortName(model);
  return `${PACKAGES.find(([, names]) => names.test(name))?.[0] ?? CORE}.${name}`;
}

const enumOf = new Map(enums.flatMap(([fields, values]) => fields.map((field) => [field, values])));
const unescape = (text) => text.replace(/\\(['"\\`])/g, "$1").trim();

/** Descriptions and required fields, which only the declarations have. */
function readDeclaration(model) {
  const text = readFileSync(join(MODELS, `${model}.d.ts`), "utf8");
  const description = /\/\*\*\n\* ([\s\S]*?)\n\*\/\nexport declare class/.exec(text);
  const fields = new Map();
  for (const [, comment, name, optional] of text.matchAll(/(?:\/\*\*\n\s+\* ([^\n]*)\n\s+\*\/\n)?\s+'([^']+)'(\?)?: /g)) {
    fields.set(name, { description: comment && unescape(comment), required: !optional });
  }
  return { description: description ? unescape(description[1].replace(/\n\* ?/g, "\n")) : undefined, fields };
}

/** The attribute table of a model, read from its source because importing every model is slow. */
function readAttributes(model) {
  const text = readFileSync(join(MODELS, `${model}.js`), "utf8");
  const table = /attributeTypeMap = (\[[\s\S]*?\n\]);/.exec(text);
  return table ? JSON.parse(table[1]) : [];
}

const needed = [];

function scalarSchema(type, format) {
  switch (type) {
    case "string":
      return format ? { type: "string", format } : { type: "string" };
    case "boolean":
      return { type: "boolean" };
    case "number":
      return /^int/.test(format) ? { type: "integer", format } : { type: "number", ...(format ? { format } : {}) };
    case "Date":
    case "V1MicroTime":
      return { type: "string", format: "date-time" };
    case "IntOrString":
      return { "x-kubernetes-int-or-string": true };
    case "any":
      return { "x-kubernetes-preserve-unknown-fields": true };
    default:
      needed.push(type);
      return { $ref: `#/components/schemas/${definitionName(type)}` };
  }
}

function typeSchema(type, format) {
  const list = /^Array<(.*)>$/.exec(type);
  if (list) return { type: "array", items: typeSchema(list[1], format) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map) return { type: "object", additionalProperties: typeSchema(map[1], format) };
  return scalarSchema(type, format);
}

const QUANTITY = { "x-kubernetes-int-or-string": true, format: "quantity" };

function listHints(field) {
  const keys = keyedLists[field];
  if (keys) {
    const patch = noPatch.includes(field)
      ? {}
      : { "x-kubernetes-patch-strategy": retainKeys.includes(field) ? "merge,retainKeys" : "merge", "x-kubernetes-patch-merge-key": keys[0] };
    return { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, ...patch };
  }
  if (field in sets) return { "x-kubernetes-list-type": "set", ...(sets[field] ? { "x-kubernetes-patch-strategy": "merge" } : {}) };
  const mergeKey = patchOnly[field];
  return { "x-kubernetes-list-type": "atomic", ...(mergeKey ? { "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": mergeKey } : {}) };
}

function withHints(schema, field) {
  let hinted = schema;
  if (quantities.includes(field)) hinted = schema.type === "object" ? { ...schema, additionalProperties: QUANTITY } : QUANTITY;
  if (hinted.type === "array") hinted = { ...hinted, ...listHints(field) };
  else if (retainKeys.includes(field)) hinted = { allOf: [hinted], "x-kubernetes-patch-strategy": "retainKeys" };
  if (enumOf.has(field)) hinted = { ...hinted, enum: enumOf.get(field) };
  if (enumOf.has(`${field}[]`)) hinted = { ...hinted, items: { ...hinted.items, enum: enumOf.get(`${field}[]`) } };
  if (atomicMaps.includes(field)) hinted = { ...hinted, "x-kubernetes-map-type": "atomic" };
  return field in defaults ? { ...hinted, default: defaults[field] } : hinted;
}

function fieldSchema(model, attribute, declared) {
  const schema = withHints(typeSchema(attribute.type, attribute.format), `${shortName(model)}.${attribute.baseName}`);
  if (!declared?.description) return schema;
  if (schema.allOf) return { ...schema, description: declared.description };
  return schema.$ref ? { allOf: [{ $ref: schema.$ref }], description: declared.description } : { ...schema, description: declared.description };
}

function definition(model) {
  const { description, fields } = readDeclaration(model);
  const attributes = readAttributes(model);
  const required = attributes.filter(({ name }) => fields.get(name)?.required).map(({ baseName }) => baseName);
  return {
    type: "object",
    ...(description ? { description } : {}),
    ...(attributes.length > 0
      ? { properties: Object.fromEntries(attributes.map((one) => [one.baseName, fieldSchema(model, one, fields.get(one.name))])) }
      : {}),
    ...(required.length > 0 ? { required } : {}),
    ...(atomicMaps.includes(shortName(model)) ? { "x-kubernetes-map-type": "atomic" } : {}),
  };
}

const definitions = {};
needed.push(...KINDS.map(([, model]) => model), "V1Status", "V1ListMeta");
for (let model = needed.pop(); model; model = needed.pop()) definitions[definitionName(model)] ??= definition(model);

const kinds = KINDS.map(([group, model]) => ({ group, version: "v1", kind: shortName(model), definition: definitionName(model) }));
for (const { group, version, kind, definition: name } of kinds) {
  Object.assign(definitions[name], { "x-kubernetes-group-version-kind": [{ group, version, kind }], "x-flyteops-builtin": true });
}
mkdirSync(dirname(TARGET), { recursive: true });
writeFileSync(TARGET, `${JSON.stringify({ kinds, definitions: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))) })}\n`);
