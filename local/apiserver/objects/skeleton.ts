import type { KubeObject } from "../../../kube/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";

/** Parts that a built-in object has from birth, so that nobody owns the part itself, only what is in it. */
const BORN_WITH = ["spec", "status"] as const;

function zeroOf(schema: Structural): unknown {
  switch (schema.types[0]) {
    case "object":
      return schema.properties.size > 0 ? requiredFields(schema) : null;
    case "array":
      return null;
    case "string":
      return "";
    case "boolean":
      return false;
    default:
      return 0;
  }
}

function requiredFields(schema: Structural): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of schema.source.required ?? []) {
    const field = schema.properties.get(name);
    if (field) fields[name] = zeroOf(field);
  }
  return fields;
}

/** What the Go type of a kind always writes and its schema does not demand. */
const ALWAYS_THERE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Event: { source: {}, firstTimestamp: null, lastTimestamp: null, eventTime: null, reportingComponent: "", reportingInstance: "" },
  NetworkPolicy: { spec: { podSelector: {} } },
};

/**
 * What an object is before it is created: an empty custom object has nothing but its kind, an empty built-in one has the
 * zero values that its Go type always has.
 */
export function skeletonOf(schema: Structural, object: KubeObject): Record<string, unknown> {
  const { apiVersion, kind } = object;
  if (schema.source["x-flyteops-builtin"] !== true) return { apiVersion, kind };
  const fields: Record<string, unknown> = { ...requiredFields(schema), apiVersion, kind, metadata: {} };
  for (const name of BORN_WITH) {
    const part = schema.properties.get(name);
    if (part) fields[name] = requiredFields(part);
  }
  return { ...fields, ...ALWAYS_THERE[kind] };
}
