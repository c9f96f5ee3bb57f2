import { isFields } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { canonicalQuantity } from "./quantity.ts";

const QUANTITY_PATTERN = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

interface Place {
  /** Name of the struct that the field is in. */
  readonly struct: string;
  readonly path: string;
}

const shortName = (definition: string | undefined): string => definition?.slice(definition.lastIndexOf(".") + 1) ?? "";

function goType(node: Structural): string {
  switch (node.types[0]) {
    case "array":
      return `[]${node.items ? goType(node.items) : "interface {}"}`;
    case "object":
      if (node.name !== undefined) return `v1.${shortName(node.name)}`;
      return `map[string]${node.additional !== undefined && node.additional !== "any" ? goType(node.additional) : "interface {}"}`;
    case "boolean":
      return "bool";
    case "integer":
      return node.source.format ?? "int64";
    case "number":
      return "float64";
    default:
      return node.source.format === "byte" ? "[]uint8" : "string";
  }
}

function jsonType(value: unknown): string {
  if (typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "array" : typeof value;
}

function mismatch(node: Structural, value: unknown, place: Place): string {
  const number = node.types[0] === "integer" && (typeof value === "number" || typeof value === "bigint") ? ` ${String(value)}` : "";
  return `json: cannot unmarshal ${jsonType(value)}${number} into Go struct field ${place.struct}.${place.path} of type ${goType(node)}`;
}

const INT32 = 2 ** 31;

function fitsInteger(node: Structural, value: unknown): boolean {
  if (typeof value === "bigint") return node.source.format !== "int32" && value >= -(2n ** 63n) && value < 2n ** 63n;
  return Number.isInteger(value) && (node.source.format !== "int32" || ((value as number) >= -INT32 && (value as number) < INT32));
}

function checkText(node: Structural, value: unknown, place: Place): string | undefined {
  if (typeof value !== "string") return mismatch(node, value, place);
  if (node.source.format === "date-time" && !DATE_TIME.test(value))
    return `parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`;
  if (node.source.format !== "byte" || (BASE64.test(value) && value.length % 4 === 0)) return undefined;
  const at = /[^A-Za-z0-9+/=]/.exec(value)?.index ?? value.length;
  return `illegal base64 data at input byte ${at}`;
}

function checkScalar(node: Structural, value: unknown, place: Place): string | undefined {
  if (node.source.format === "quantity") return canonicalQuantity(value) === undefined ? QUANTITY_PATTERN : undefined;
  if (node.intOrString) return typeof value === "string" || fitsInteger(node, value) ? undefined : mismatch(node, value, place);
  switch (node.types[0]) {
    case "string":
      return checkText(node, value, place);
    case "boolean":
      return typeof value === "boolean" ? undefined : mismatch(node, value, place);
    case "integer":
      return fitsInteger(node, value) ? undefined : mismatch(node, value, place);
    case "number":
      return typeof value === "number" || typeof value === "bigint" ? undefined : mismatch(node, value, place);
    default:
      return undefined;
  }
}

function checkFields(node: Structural, value: Readonly<Record<string, unknown>>, place: Place): string | undefined {
  const struct = node.name === undefined ? place.struct : shortName(node.name);
  for (const [name, field] of Object.entries(value)) {
    const child = node.properties.get(name) ?? (node.additional === "any" ? undefined : node.additional);
    const path = node.name === undefined ? place.path : place.path === "" ? name : `${place.path}.${name}`;
    const problem = child && check(child, field, { struct, path });
    if (problem) return problem;
  }
  return undefined;
}

function check(node: Structural, value: unknown, place: Place): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (node.types[0] === "object") return isFields(value) ? checkFields(node, value, place) : mismatch(node, value, place);
  if (node.types[0] !== "array") return checkScalar(node, value, place);
  if (!Array.isArray(value)) return mismatch(node, value, place);
  for (const item of value as readonly unknown[]) {
    const problem = node.items && check(node.items, item, place);
    if (problem) return problem;
  }
  return undefined;
}

/** Why a body cannot be read as a built-in kind (a 400 with the real server's words); undefined when it can. */
export function decodeProblem(schema: Structural, object: unknown): string | undefined {
  return check(schema, object, { struct: shortName(schema.name), path: "" });
}
