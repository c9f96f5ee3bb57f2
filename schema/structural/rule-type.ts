import type { RuleType } from "../../cel/index.ts";
import { celName } from "./cel-name.ts";
import type { JsonSchema } from "./json-schema.ts";

const DYN: RuleType = { kind: "dyn" };
const TEXT: RuleType = { kind: "string" };
const FORMATS: Readonly<Record<string, RuleType>> = {
  "date-time": { kind: "timestamp" },
  date: { kind: "timestamp" },
  duration: { kind: "duration" },
  byte: { kind: "bytes" },
};

/** What every object may be asked for, where it is one of the API's own. */
const TYPE_AND_META: Readonly<Record<string, RuleType>> = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: { kind: "object", fields: { name: TEXT, generateName: TEXT } },
};

function objectType(schema: JsonSchema, isRoot: boolean, mentioned: ReadonlySet<string>): RuleType {
  const properties = Object.entries(schema.properties ?? {});
  if (typeof schema.additionalProperties === "object") return { kind: "map", of: ruleType(schema.additionalProperties, mentioned) };
  if (properties.length === 0 && !isRoot) return DYN;
  const fields = properties.flatMap(([property, child]) => {
    const name = celName(property);
    return name === undefined || !mentioned.has(name) ? [] : [[name, ruleType(child, mentioned)] as const];
  });
  return { kind: "object", fields: { ...Object.fromEntries(fields), ...TYPE_AND_META } };
}

/** Every word of some expressions. */
export function wordsOf(expressions: readonly string[]): ReadonlySet<string> {
  return new Set(expressions.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []));
}

/**
 * What rules at a schema node can know of its value. Fields that they do not mention are left out, because building types is slow.
 * @param mentioned every word of the rules
 * @param isRoot the node is the whole object
 */
export function ruleType(schema: JsonSchema, mentioned: ReadonlySet<string>, isRoot = false): RuleType {
  if (schema.nullable || schema["x-kubernetes-int-or-string"]) return DYN;
  switch (schema.type) {
    case "string":
      return FORMATS[schema.format ?? ""] ?? TEXT;
    case "integer":
      return { kind: "int" };
    case "number":
      return { kind: "double" };
    case "boolean":
      return { kind: "bool" };
    case "array":
      return schema.items ? { kind: "list", of: ruleType(schema.items, mentioned) } : DYN;
    case "object":
      return objectType(schema, isRoot, mentioned);
    default:
      return DYN;
  }
}
