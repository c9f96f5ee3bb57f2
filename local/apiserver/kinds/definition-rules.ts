import { jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type Cause, checkStructuralSchema, type JsonSchema } from "../../../schema/structural/index.ts";
import type { Definition, DefinitionNames, DefinitionVersion } from "./definition.ts";
import { jsonPath } from "./json-path.ts";

const LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];

const required = (field: string, detail = ""): Cause => ({ reason: "FieldValueRequired", message: `Required value${detail && `: ${detail}`}`, field });
const invalid = (field: string, value: unknown, detail: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
  field,
});

function labelCause(field: string, value: string | undefined): Cause[] {
  if (!value) return [required(field)];
  return value.length <= 63 && LABEL.test(value) ? [] : [invalid(field, value, LABEL_MESSAGE)];
}

/** Names of kinds: a label but for its capitals. */
function kindCause(field: string, value: string | undefined): Cause[] {
  if (!value) return [required(field)];
  const lower = value.toLowerCase();
  if (value.length <= 63 && LABEL.test(lower)) return [];
  return [invalid(field, value, `may have mixed case, but should otherwise match: ${LABEL_MESSAGE}`)];
}

function nameCauses(names: DefinitionNames): Cause[] {
  const kinds = (["kind", "listKind"] as const).flatMap((field) => kindCause(`spec.names.${field}`, names[field]));
  const shorts = (names.shortNames ?? []).flatMap((name, index) => labelCause(`spec.names.shortNames[${index}]`, name));
  const categories = (names.categories ?? []).flatMap((name, index) => labelCause(`spec.names.categories[${index}]`, name));
  const same =
    names.kind !== "" && names.kind === names.listKind ? [invalid("spec.names.listKind", names.listKind, "kind and listKind may not be the same")] : [];
  return [...labelCause("spec.names.plural", names.plural), ...labelCause("spec.names.singular", names.singular), ...kinds, ...shorts, ...categories, ...same];
}

function columnCauses(version: DefinitionVersion, path: string): Cause[] {
  return (version.additionalPrinterColumns ?? []).flatMap((column, index) => {
    const field = `${path}[${index}]`;
    const causes: Cause[] = [];
    if (!column.name) causes.push(required(`${field}.name`));
    if (!column.type) causes.push(required(`${field}.type`, `must be one of ${COLUMN_TYPES.join(",")}`));
    else if (!COLUMN_TYPES.includes(column.type)) causes.push(invalid(`${field}.type`, column.type, `must be one of ${COLUMN_TYPES.join(",")}`));
    return column.jsonPath ? [...causes, ...pathCauses(`${field}.JSONPath`, column.jsonPath)] : [...causes, required(`${field}.JSONPath`)];
  });
}

function pathCauses(field: string, path: string): Cause[] {
  if (!path.startsWith(".")) return [invalid(field, path, `must be a simple json path starting with .`)];
  try {
    jsonPath(path);
    return [];
  } catch (thrown) {
    return [invalid(field, path, (thrown as Error).message)];
  }
}

/** Where the real server says a mistake is: what all versions have alike it keeps, and names, once for all. */
interface Places {
  readonly schema: (index: number) => string;
  readonly columns: (index: number) => string;
  readonly selectable: (index: number) => string;
  readonly subresources: (index: number) => string;
}

function placesOf(versions: readonly DefinitionVersion[]): Places {
  const alike = (read: (version: DefinitionVersion) => unknown) => versions.every((version) => jsonEqual(read(version), read(versions[0]!)));
  const schema = alike((version) => version.schema) && versions.some((version) => version.schema);
  const columns = alike((version) => version.additionalPrinterColumns);
  return {
    schema: (index) => (schema ? "spec.validation.openAPIV3Schema" : `spec.versions[${index}].schema.openAPIV3Schema`),
    selectable: (index) => (alike((version) => version.selectableFields) ? "spec.selectableFields" : `spec.versions[${index}].selectableFields`),
    subresources: (index) => (alike((version) => version.subresources) ? "spec.subresources" : `spec.versions[${index}].subresources`),
    columns: (index) => (columns ? "spec.additionalPrinterColumns" : `spec.versions[${index}].additionalPrinterColumns`),
  };
}

function versionCauses(version: DefinitionVersion, index: number, places: Places): Cause[] {
  const path = `spec.versions[${index}]`;
  const schema = version.schema?.openAPIV3Schema;
  const shape = schema ? checkStructuralSchema(schema, places.schema(index)) : [required(`${path}.schema.openAPIV3Schema`)];
  return [
    ...labelCause(`${path}.name`, version.name),
    ...(version.deprecationWarning !== undefined && !version.deprecated
      ? [invalid(`${path}.deprecationWarning`, version.deprecationWarning, "can only be set for deprecated versions")]
      : []),
    ...shape,
    ...columnCauses(version, places.columns(index)),
    ...selectableCauses(version, places.selectable(index)),
    ...scaleCauses(version, `${places.subresources(index)}.scale`),
  ];
}

const SELECTABLE = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";

/** The schema at `.a.b`; undefined where there is none. */
function schemaAt(schema: JsonSchema | undefined, path: string): JsonSchema | undefined {
  return path
    .split(".")
    .slice(1)
    .reduce<JsonSchema | undefined>((at, name) => (at?.properties && Object.hasOwn(at.properties, name) ? at.properties[name] : undefined), schema);
}

function selectableCauses(version: DefinitionVersion, path: string): Cause[] {
  const seen = new Set<string>();
  return (version.selectableFields ?? []).flatMap(({ jsonPath: text }, index) => {
    const field = `${path}[${index}].jsonPath`;
    if (!text) return [required(field)];
    if (!text.startsWith(".")) return [invalid(field, text, `is an invalid path: expected [ or . but got: ${text}`)];
    const found = schemaAt(version.schema?.openAPIV3Schema, text);
    if (!found) return [invalid(field, text, "is an invalid path: does not refer to a valid field")];
    if (!["string", "boolean", "integer"].includes(found.type ?? "")) return [invalid(field, text, SELECTABLE)];
    if (seen.has(text)) return [{ reason: "FieldValueDuplicate", message: `Duplicate value: ${JSON.stringify(text)}`, field }];
    seen.add(text);
    return [];
  });
}

function replicasPathCauses(field: string, path: string | undefined, below: string): Cause[] {
  if (!path) return [required(field)];
  if (!/^(\.[A-Za-z_][\w-]*)+$/.test(path)) return pathCauses(field, path);
  return path.startsWith(`${below}.`) ? [] : [invalid(field, path, `should be a json path under ${below}`)];
}

function scaleCauses({ subresources }: DefinitionVersion, path: string): Cause[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  const selector = labelSelectorPath ? pathCauses(`${path}.labelSelectorPath`, labelSelectorPath) : [];
  return [
    ...replicasPathCauses(`${path}.specReplicasPath`, specReplicasPath, ".spec"),
    ...replicasPathCauses(`${path}.statusReplicasPath`, statusReplicasPath, ".status"),
    ...selector,
  ];
}

/** A version as the real server's messages show it. */
function shownVersion({ name, served, storage }: DefinitionVersion): object {
  return {
    Name: name,
    Served: served,
    Storage: storage,
    Deprecated: false,
    DeprecationWarning: null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  };
}

function versionsCauses(versions: readonly DefinitionVersion[]): Cause[] {
  const places = placesOf(versions);
  const storage = versions.filter((version) => version.storage).length;
  const names = versions.map((version) => version.name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  const all = versions.flatMap((version, index) => versionCauses(version, index, places));
  const seen = new Map(all.map((cause) => [`${cause.field} ${cause.message}`, cause]));
  return [
    ...(repeated.length > 0 ? [invalid("spec.versions", versions.map(shownVersion), "must contain unique version names")] : []),
    ...(storage === 1 ? [] : [invalid("spec.versions", versions.map(shownVersion), "must have exactly one version marked as storage version")]),
    ...seen.values(),
  ];
}

/** What the server demands of a definition beyond its schema. The object has been decoded against that schema. */
export function definitionCauses(object: KubeObject): Cause[] {
  const { spec, metadata, status } = object as unknown as Definition;
  const { group, names, scope, versions } = spec;
  const wanted = `${names.plural}.${group}`;
  const causes = metadata.name === wanted ? [] : [invalid("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group')];
  if (!group) causes.push(required("spec.group"));
  else if (!group.includes(".")) causes.push(invalid("spec.group", group, "should be a domain with at least one dot"));
  if (scope !== "Cluster" && scope !== "Namespaced")
    causes.push({
      reason: scope ? "FieldValueNotSupported" : "FieldValueRequired",
      message: scope ? `Unsupported value: ${JSON.stringify(scope)}: supported values: "Cluster", "Namespaced"` : "Required value",
      field: "spec.scope",
    });
  causes.push(...versionsCauses(versions), ...nameCauses(names));
  if (spec.preserveUnknownFields === true)
    causes.push(
      invalid("spec.preserveUnknownFields", true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"),
    );
  if (spec.conversion && spec.conversion.strategy !== "None")
    causes.push(invalid("spec.conversion.strategy", spec.conversion.strategy, "this server converts between versions of a kind with strategy None only"));
  if ((status?.storedVersions ?? []).length === 0)
    causes.push({ reason: "FieldValueInvalid", message: "Invalid value: null: must have at least one stored version", field: "status.storedVersions" });
  return causes;
}
