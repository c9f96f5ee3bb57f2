import { type RuleCheck, type RuleTypeChecker, ruleTypeChecker, type RuleTypeProblem } from "../../cel/index.ts";
import type { Cause } from "./cause.ts";
import { forbidden, invalid, notSupported, required } from "./field-error.ts";
import type { JsonRule, JsonSchema } from "./json-schema.ts";
import { compileWithCel } from "./rule-expression.ts";
import { ruleType, wordsOf } from "./rule-type.ts";

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
  if (schema.items?.type !== "object")
    return [invalid(`${path}.items.type`, schema.items?.type ?? "", "must be object if parent array's x-kubernetes-list-type is map")];
  const { properties = {}, required: demanded = [] } = schema.items;
  if (keys.some((key) => !properties[key])) return [invalid(`${path}.x-kubernetes-list-map-keys`, keys, "entries must all be names of item properties")];
  return keys.flatMap((key) => {
    const field = properties[key];
    if (!SCALARS.has(field?.type ?? "")) {
      return [invalid(`${path}.items.properties[${key}].type`, field?.type ?? "", "must be a scalar type if parent array's x-kubernetes-list-type is map")];
    }
    if (field?.default !== undefined || demanded.includes(key)) return [];
    return [
      required(
        `${path}.items.properties[${key}].default`,
        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      ),
    ];
  });
}

/** Items of a set are compared whole, so they may not be owned in parts. */
function checkSetItems(items: JsonSchema | undefined, path: string): Cause[] {
  if (items?.nullable) return [forbidden(`${path}.items.nullable`, "cannot be nullable when x-kubernetes-list-type is set")];
  const atomic = "must be atomic as item of a list with x-kubernetes-list-type=set";
  if (items?.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    return [invalid(`${path}.items.x-kubernetes-map-type`, items["x-kubernetes-map-type"] ?? null, atomic)];
  if (items?.type === "array" && ![undefined, "atomic"].includes(items["x-kubernetes-list-type"]))
    return [invalid(`${path}.items.x-kubernetes-list-type`, items["x-kubernetes-list-type"], atomic)];
  return [];
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
  if (type === "set") causes.push(...checkSetItems(schema.items, path));
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

/** A rule as the real server shows it. */
function shownRule(rule: JsonRule): unknown {
  const { message = "", messageExpression = "", reason = null, fieldPath = "", optionalOldSelf = null } = rule;
  return { Rule: rule.rule, Message: message, MessageExpression: messageExpression, Reason: reason, FieldPath: fieldPath, OptionalOldSelf: optionalOldSelf };
}

function checkMessage(rule: JsonRule, path: string): Cause[] {
  const { message } = rule;
  if (message === undefined) {
    return rule.rule.trim().includes("\n") ? [required(`${path}.message`, "message must be specified if rule contains line breaks")] : [];
  }
  if (message.trim() === "") return [invalid(`${path}.message`, message, "must be non-empty if specified")];
  return message.trim().includes("\n") ? [invalid(`${path}.message`, message, "must not contain line breaks")] : [];
}

/** The place of a mistake as the real server draws it. */
function drawn({ message, at }: RuleTypeProblem, text: string): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - (before.lastIndexOf("\n") + 1);
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text.split("\n")[line - 1] ?? ""}\n | ${".".repeat(column)}^`;
}

/** What is wrong with an expression that has to give one of these types; undefined when nothing is. */
function mistakeIn(text: string, wanted: string, wrongType: string, check: (text: string) => RuleCheck): string | undefined {
  const compiled = compileWithCel(text);
  if (compiled.problem !== undefined) return `compilation failed: ${compiled.problem}`;
  const found = check(text);
  if (found.problem) return `compilation failed: ${drawn(found.problem, text)}`;
  return [compiled.type, found.type].every((type) => [wanted, "dyn"].includes(type)) ? undefined : wrongType;
}

function checkExpressions(rule: JsonRule, path: string, typeCheck: RuleTypeChecker): Cause[] {
  const check = (text: string) => typeCheck(text, rule.optionalOldSelf === true);
  const causes: Cause[] = [];
  const wrong = mistakeIn(rule.rule, "bool", "cel expression must evaluate to a bool", check);
  if (wrong !== undefined) causes.push(invalid(`${path}.rule`, shownRule(rule), wrong));
  if (rule.messageExpression === undefined) return causes;
  const mute = mistakeIn(rule.messageExpression, "string", "must evaluate to a string", check);
  if (mute !== undefined) causes.push(invalid(`${path}.messageExpression`, shownRule(rule), `messageExpression ${mute}`));
  return causes;
}

/** Whether `.a.b['c']` leads somewhere inside the schema. */
function leadsSomewhere(schema: JsonSchema, fieldPath: string): boolean {
  let at: JsonSchema | undefined = schema;
  let rest = fieldPath;
  while (rest !== "" && at) {
    const step: RegExpExecArray | null = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)+)'\])/.exec(rest);
    if (!step) return false;
    rest = rest.slice(step[0].length);
    const name = step[1] ?? step[2]?.replace(/\\(.)/g, "$1") ?? "";
    at = at.properties ? at.properties[name] : typeof at.additionalProperties === "object" ? at.additionalProperties : undefined;
  }
  return at !== undefined;
}

function checkRule(rule: JsonRule, schema: JsonSchema, path: string, typeCheck: RuleTypeChecker): Cause[] {
  if (rule.rule.trim() === "") return [required(`${path}.rule`, "rule is not specified")];
  const causes = [...checkMessage(rule, path), ...checkExpressions(rule, path, typeCheck)];
  if (rule.reason !== undefined && !REASONS.includes(rule.reason as (typeof REASONS)[number]))
    causes.push(notSupported(`${path}.reason`, rule.reason, REASONS));
  if (rule.optionalOldSelf && !/\boldSelf\b/.test(rule.rule))
    causes.push(invalid(`${path}.optionalOldSelf`, true, "may not be set if oldSelf is not used in rule"));
  if (rule.fieldPath !== undefined && !leadsSomewhere(schema, rule.fieldPath))
    causes.push(invalid(`${path}.fieldPath`, rule.fieldPath, "must be a valid path"));
  return causes;
}

function checkRules(schema: JsonSchema, path: string): Cause[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length > 0 && !schema.type && !schema["x-kubernetes-int-or-string"]) {
    return [forbidden(`${path}.x-kubernetes-validations`, "must not be specified where no type is")];
  }
  if (rules.length === 0) return [];
  const mentioned = wordsOf(rules.flatMap(({ rule, messageExpression = "" }) => [rule, messageExpression]));
  const typeCheck = ruleTypeChecker(ruleType(schema, mentioned, path.endsWith("openAPIV3Schema")));
  return rules.flatMap((rule, index) => checkRule(rule, schema, `${path}.x-kubernetes-validations[${index}]`, typeCheck));
}

/** The `x-kubernetes-…` keywords of one schema node. */
export function checkExtensions(schema: JsonSchema, path: string): Cause[] {
  return [...checkFlags(schema, path), ...checkListType(schema, path), ...checkMapType(schema, path), ...checkRules(schema, path)];
}
