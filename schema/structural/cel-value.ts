import type { Fields } from "../../base/index.ts";
import { durationValue } from "../../cel/index.ts";
import type { Structural } from "./structural.ts";

function numberValue(schema: Structural | undefined, value: number | bigint): bigint | number {
  if (schema?.types[0] === "number") return Number(value);
  return typeof value === "bigint" || !Number.isInteger(value) ? value : BigInt(value);
}

function textValue(schema: Structural | undefined, text: string): unknown {
  if (schema?.types[0] !== "string") return text;
  switch (schema.source.format) {
    case "date-time":
    case "date":
      return new Date(text);
    case "duration":
      return durationValue(text) ?? text;
    case "byte":
      return new Uint8Array(Buffer.from(text, "base64"));
    default:
      return text;
  }
}

/** The part of metadata that rules may read. */
function metadataValue(metadata: unknown): ReadonlyMap<string, unknown> {
  const named = Object.entries(metadata ?? {}).filter(([name]) => name === "name" || name === "generateName");
  return new Map(named);
}

function resourceFields(object: Fields): [string, unknown][] {
  const fields: [string, unknown][] = [];
  for (const name of ["apiVersion", "kind"]) if (object[name] !== undefined) fields.push([name, object[name]]);
  fields.push(["metadata", metadataValue(object["metadata"])]);
  return fields;
}

function declaredFields(schema: Structural, object: Fields, isResource: boolean): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>(isResource ? resourceFields(object) : []);
  for (const [property, name, child] of schema.celFields) {
    if ((isResource && fields.has(name)) || !Object.hasOwn(object, property)) continue;
    const value = object[property];
    if (value !== null || child.nullable) fields.set(name, celValue(child, value, child.embedded));
  }
  return fields;
}

/**
 * A JSON value as an expression reads it: whole numbers are integers unless the schema says `number`, dates, durations
 * and bytes are of their own types, properties have their CEL names, and what the schema does not declare is not there.
 */
export function celValue(schema: Structural | undefined, value: unknown, isResource: boolean): unknown {
  if (typeof value === "number" || typeof value === "bigint") return numberValue(schema, value);
  if (typeof value === "string") return textValue(schema, value);
  if (Array.isArray(value)) return value.map((item) => celValue(schema?.items, item, schema?.items?.embedded === true));
  if (typeof value !== "object" || value === null) return value;
  if (schema && (schema.properties.size > 0 || isResource)) return declaredFields(schema, value as Fields, isResource);
  const inner = schema?.additional === "any" ? undefined : schema?.additional;
  return new Map(Object.entries(value).map(([key, field]) => [key, celValue(inner, field, inner?.embedded === true)]));
}
