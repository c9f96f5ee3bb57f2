import type { Cause } from "./cause.ts";
import { forbidden, invalid, notSupported, required } from "./field-error.ts";
import type { JsonRule, JsonSchema } from "./json-schema.ts";
import { compileWithCel } from "./rule-expression.ts";

const REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"] as const;
const SCALARS: ReadonlySet<string> = new Set(["string", "integer", "number", "boolean"]);

function checkFlags(schema: JsonSchema, path: string): Cause[] {
  const causes: Cause[] = [];
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    causes.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"));
  }
  if (!schema["x-kubernetes-int-or-string"]) return causes;
  for (const keyword of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (schema[keyword]) causes.push(invalid(`${path}.${keyword}`, true, "must be false if x-kubernetes-int-or-string is true"));
  }
  return causes;
}

function checkMapKeys(schema: JsonSchema, keys: readonly string[], path: string): Cause[] {
  if (schema.items?.type !== "object") return [invalid(`${path}.items.type`, schema.items?.type ?? "", "must be object when x-kubernetes-list-type is map")];
  return keys.flatMap((key, index) => {
    const field = schema.items?.properties?.[key];
    if (!field) return [invalid(`${path}.x-kubernetes-list-map-keys[${index}]`, key, "entries must all be names of item properties")];
    if (!SCALARS.has(field.type ?? "")) {
      return [invalid(`${path}.items.properties[${key}].type`, field.type ?? "", "must be a scalar type if parent array's x-kubernetes-list-type is map")];
    }
    const needed = field.default !== undefined || schema.items?.required?.includes(key);
    return needed
      ? []
      : [
          required(
            `${path}.items.properties[${key}].default`,
            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
          ),
        ];
  });
}

function checkListType(schema: JsonSchema, path: string): Cause[] {
  const type = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const typePath = `${path}.x-kubernetes-list-type`;
  if (type === undefined) return keys.length > 0 ? [required(typePath, "must be map if x-kubernetes-list-map-keys is non-empty")] : [];
  const causes: Cause[] = [];
  if (schema.type !== "array") causes.push(invalid(`${path}.type`, schema.type ?? "", "must be array if x-kubernetes-list-type is specified"));
  if (!["atomic", "set", "map"].includes(type)) causes.push(notSupported(typePath, type, ["atomic", "set", "map"]));
  if (keys.length > 0 && type !== "map") causes.push(invalid(typePath, type, "must be map if x-kubernetes-list-map-keys is non-empty"));
  if (type === "map" && keys.length === 0) causes.push(required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"));
  if (type === "map" && keys.length > 0) causes.push(...checkMapKeys(schema, keys, path));
  if (type === "set" && schema.items?.nullable) causes.push(forbidden(`${path}.items.nullable`, "cannot be nullable when x-kubernetes-list-type is set"));
  return causes;
}

function checkMapType(schema: JsonSchema, path: string): Cause[] {
  const type = schema["x-kubernetes-map-type"];
  if (type === undefined) return [];
  const causes: Cause[] = [];
  if (schema.type !== "object") causes.push(invalid(`${path}.type`, schema.type ?? "", "must be object if x-kubernetes-map-type is specified"));
  if (type !== "atomic" && type !== "granular") causes.push(notSupported(`${path}.x-kubernetes-map-type`, type, ["atomic", "granular"]));
  return causes;
}

function checkRule(rule: JsonRule, schema: JsonSchema, path: string): Cause[] {
  const causes: Cause[] = [];
  if (rule.rule.trim() === "") return [required(`${path}.rule`, "rule is not specified")];
  if (rule.message !== undefined && rule.message.trim() === "") causes.push(invalid(`${path}.message`, rule.message, "message must be non-empty if specified"));
  if (rule.message?.trim().includes("\n")) causes.push(invalid(`${path}.message`, rule.message, "message must not contain line breaks"));
  if (rule.message === undefined && rule.rule.trim().includes("\n"))
    causes.push(required(`${path}.message`, "message must be specified if rule contains line breaks"));
  if (rule.reason !== undefined && !REASONS.includes(rule.reason as (typeof REASONS)[number]))
    causes.push(notSupported(`${path}.reason`, rule.reason, REASONS));
  const { problem } = compileWithCel(rule.rule);
  if (problem !== undefined) causes.push(invalid(`${path}.rule`, rule.rule, `compilation failed: ${problem}`));
  const message = rule.messageExpression === undefined ? undefined : compileWithCel(rule.messageExpression).problem;
  if (message !== undefined) causes.push(invalid(`${path}.messageExpression`, rule.messageExpression, `messageExpression compilation failed: ${message}`));
  if (rule.optionalOldSelf && !/\boldSelf\b/.test(rule.rule)) {
    causes.push(invalid(`${path}.optionalOldSelf`, true, "may not be set if oldSelf is not used in rule"));
  }
  if (rule.fieldPath !== undefined && schema.type !== "object") causes.push(invalid(`${path}.fieldPath`, rule.fieldPath, "fieldPath must be a valid path"));
  return causes;
}

function checkRules(schema: JsonSchema, path: string): Cause[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length > 0 && !schema.type && !schema["x-kubernetes-int-or-string"]) {
    return [forbidden(`${path}.x-kubernetes-validations`, "must not be specified where no type is")];
  }
  return rules.flatMap((rule, index) => checkRule(rule, schema, `${path}.x-kubernetes-validations[${index}]`));
}

/** The `x-kubernetes-…` keywords of one schema node. */
export function checkExtensions(schema: JsonSchema, path: string): Cause[] {
  return [...checkFlags(schema, path), ...checkListType(schema, path), ...checkMapType(schema, path), ...checkRules(schema, path)];
}
