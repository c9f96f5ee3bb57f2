import { type Fields, isFields } from "../../base/index.ts";
import { optionalValue } from "../../cel/index.ts";
import type { Cause } from "./cause.ts";
import { celValue } from "./cel-value.ts";
import { type Correlation, correlateField, correlateItem, unchanged } from "./correlate.ts";
import { duplicate, forbidden, invalid, OMITTED, required } from "./field-error.ts";
import type { CompiledRule, Structural } from "./structural.ts";

interface Place {
  /** "" at the root. */
  readonly path: string;
  readonly value: unknown;
  /** What the same thing was before: undefined on create, or where that cannot be told. */
  readonly old: unknown;
  readonly correlation: Correlation | undefined;
  /** Whether the nearest thing around that can be told to be the same is unchanged: then what was wrong may stay. */
  readonly parentUnchanged: () => boolean;
  readonly isResource: boolean;
}

const MAX_MESSAGE_BYTES = 5 * 1024;

const ruleText = (rule: CompiledRule): string => (rule.source.message ?? rule.source.rule).trim();
const fieldName = (path: string): string => (path === "" ? "<nil>" : path);

/** A message of one line that says something, or undefined. */
function expressionMessage(rule: CompiledRule, variables: Fields): string | undefined {
  const result = rule.message?.evaluate(variables);
  if (!result?.ok || typeof result.value !== "string") return undefined;
  const message = result.value.trim();
  return message === "" || message.includes("\n") || Buffer.byteLength(message) > MAX_MESSAGE_BYTES ? undefined : message;
}

function causeOf(rule: CompiledRule, field: string, shown: unknown, detail: string): Cause {
  switch (rule.source.reason) {
    case "FieldValueForbidden":
      return forbidden(field, detail);
    case "FieldValueRequired":
      return required(field, detail);
    case "FieldValueDuplicate":
      return duplicate(field, shown);
    default:
      return invalid(field, shown, detail);
  }
}

/** In the words of the real server, where ours has others. */
function realWords(message: string): string {
  const bounds = /^No such key: index out of bounds, index (-?\d+) /.exec(message);
  return bounds ? `index out of bounds: ${bounds[1] ?? ""}` : message;
}

function errorDetail(rule: CompiledRule, found: string): string {
  const message = realWords(found);
  if (!message.startsWith("no such overload")) return `${message} evaluating rule: ${ruleText(rule)}`;
  return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${ruleText(rule)}`;
}

/** Undefined where the rule is about a change and there is nothing to compare with. */
function variablesOf(rule: CompiledRule, self: unknown, oldSelf: unknown): Fields | undefined {
  if (!rule.usesOldSelf) return { self };
  if (rule.source.optionalOldSelf) return { self, oldSelf: optionalValue(oldSelf) };
  return oldSelf === undefined ? undefined : { self, oldSelf };
}

/** `.spec.name` or `['odd.key']` below a field. */
function below(path: string, fieldPath: string | undefined): string {
  if (!fieldPath) return path;
  const plain = fieldPath.replace(/\['((?:[^'\\]|\\.)*)'\]/g, (_whole, key: string) => `.${key.replace(/\\(.)/g, "$1")}`).replace(/^\./, "");
  return path === "" ? plain : `${path}.${plain}`;
}

function checkRule(rule: CompiledRule, schema: Structural, place: Place, values: { readonly self: unknown; readonly old: unknown }): Cause | undefined {
  const type = schema.source.type ?? "";
  if (rule.expression.problem !== undefined) return invalid(fieldName(place.path), type, `rule compile error: ${rule.expression.problem}`);
  const variables = variablesOf(rule, values.self, values.old);
  if (!variables) return undefined;
  const result = rule.expression.evaluate(variables);
  if (!result.ok) return invalid(fieldName(place.path), type, errorDetail(rule, result.message));
  if (result.value === true) return undefined;
  if (!rule.usesOldSelf && unchangedAround(place)()) return undefined;
  const detail = expressionMessage(rule, variables) ?? (rule.source.message ? rule.source.message.trim() : `failed rule: ${rule.source.rule.trim()}`);
  const shown = type === "object" || type === "array" ? OMITTED : place.value;
  return causeOf(rule, fieldName(below(place.path, rule.source.fieldPath)), shown, detail);
}

function checkHere(rules: readonly CompiledRule[], schema: Structural, place: Place): Cause[] {
  if (rules.length === 0) return [];
  const values = {
    self: celValue(schema, place.value, place.isResource),
    old: place.old === undefined || place.old === null ? undefined : celValue(schema, place.old, place.isResource),
  };
  return rules.flatMap((rule) => checkRule(rule, schema, place, values) ?? []);
}

/** Only a rule that failed asks, so it is not worked out before. */
function unchangedAround(place: Place): () => boolean {
  return place.correlation ? () => unchanged(place.correlation) : place.parentUnchanged;
}

function descendField(schema: Structural, child: Structural, key: string, place: Place): Cause[] {
  const value = (place.value as Fields)[key];
  const old = isFields(place.old) && Object.hasOwn(place.old, key) ? place.old[key] : undefined;
  const named = schema.properties.has(key);
  const path = named ? (place.path === "" ? key : `${place.path}.${key}`) : `${place.path}[${key}]`;
  const correlation = correlateField(place.correlation, key);
  return visit(child, { path, value, old, correlation, parentUnchanged: unchangedAround(place), isResource: child.embedded });
}

function descendItem(items: Structural, index: number, place: Place): Cause[] {
  const correlation = correlateItem(place.correlation, index);
  const value: unknown = (place.value as readonly unknown[])[index];
  return visit(items, {
    path: `${place.path}[${index}]`,
    value,
    old: correlation?.old,
    correlation,
    parentUnchanged: unchangedAround(place),
    isResource: items.embedded,
  });
}

function visit(schema: Structural, place: Place): Cause[] {
  if (!schema.hasRules || place.value === null || place.value === undefined) return [];
  const causes = checkHere(schema.rules, schema, place);
  for (const nested of schema.allOf) causes.push(...checkHere(nested.rules, schema, place));
  const { items, additional, properties } = schema;
  if (Array.isArray(place.value)) {
    if (items?.hasRules) causes.push(...place.value.flatMap((_, index) => descendItem(items, index, place)));
  } else if (isFields(place.value)) {
    for (const key of Object.keys(place.value)) {
      const child = properties.get(key) ?? (additional === "any" ? undefined : additional);
      if (child?.hasRules) causes.push(...descendField(schema, child, key, place));
    }
  }
  return causes;
}

/** Runs `x-kubernetes-validations`. `old` is the object before an update. */
export function checkRules(schema: Structural, value: unknown, old: unknown): Cause[] {
  const correlation = old === undefined ? undefined : { schema, value, old };
  return visit(schema, { path: "", value, old, correlation, parentUnchanged: () => false, isResource: true });
}
