import { type Fields, jsonEqual, stringifyJson } from "../../base/index.ts";
import type { Cause } from "./cause.ts";
import { type Correlation, correlateField, correlateItem, unchanged } from "./correlate.ts";
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid, quoted } from "./field-error.ts";
import { effectiveFormat, stringFormat } from "./format.ts";
import { checkNumber, numberFits } from "./check-number.ts";
import type { Structural } from "./structural.ts";
import { goTypeOf } from "./value-type.ts";

/** A walk over one value. Causes are collected with the text by which the real server tells repeated ones apart. */
export interface Check {
  /** Names of fields and positions of items; put into words only when something is wrong. */
  readonly path: (string | number)[];
  /** Field that the walk starts at: "" or `status`. Messages do not mention it, as the real server's do not. */
  readonly root: string;
  readonly causes: Cause[];
  /** On update: what the value was, so that what did not change may stay wrong. */
  readonly ratchet: boolean;
}

const at = (check: Check): string => check.path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
const withoutDot = (path: string): string => (path.startsWith(".") ? path.slice(1) : path);
const says = (path: string, text: string): string => `${withoutDot(path)} in body ${text}`;

function fieldOf(check: Check, path = at(check)): string {
  if (path === "") return check.root === "" ? "<nil>" : check.root;
  return check.root === "" ? withoutDot(path) : `${check.root}.${withoutDot(path)}`;
}

function fail(check: Check, cause: Cause): void {
  check.causes.push(cause);
}

/** An error that the real server reports without saying at which field. */
function failNowhere(check: Check, message: string): void {
  fail(check, invalid(fieldOf(check, ""), "", message));
}

function refuseType(check: Check, expected: string, found: string): 0 {
  const path = at(check);
  fail(check, typeInvalid(fieldOf(check, path), found, `${says(path, `must be of type ${expected}`)}: ${quoted(found)}`));
  return 0;
}

/** How well a value fits, as the real server counts it to choose which alternative's errors to show. */
type Score = number;

function checkType(node: Structural, value: unknown, format: string, check: Check): Score {
  const found = goTypeOf(value);
  const { types } = node;
  const integral = found.type === "integer";
  const fits = types.includes(found.type) || (integral && types.includes("number"));
  const structured = found.type === "string" || found.type === "array";
  if (!structured && format !== "" && !fits && found.format !== format) return refuseType(check, format, found.format);
  if (structured && format !== "" && !types.includes("number") && !types.includes("integer")) return 1;
  if (fits) return 1;
  return refuseType(check, types.join(","), found.type);
}

function checkEnum(node: Structural, value: unknown, check: Check): void {
  const allowed = node.source.enum;
  if (!allowed || allowed.length === 0) return;
  // A fraction is compared by its whole part with whole numbers: the real server converts it.
  const whole = typeof value === "number" && !Number.isInteger(value) ? Math.trunc(value) : value;
  if (value !== null && allowed.some((one) => one !== null && (jsonEqual(one, value) || jsonEqual(one, whole)))) return;
  fail(check, notSupported(fieldOf(check), value, allowed));
}

/** Length in code points. Never more than `length`, so the slow count is taken only where it can matter. */
function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next < 0xe000) count--;
    }
  }
  return count;
}

function checkString(node: Structural, value: string, check: Check): void {
  const { maxLength, minLength } = node.source;
  if (maxLength !== undefined && value.length > maxLength && codePoints(value) > maxLength) return fail(check, tooLong(fieldOf(check), maxLength));
  if (minLength !== undefined && codePoints(value) < minLength) {
    return fail(check, invalid(fieldOf(check), value, says(at(check), `should be at least ${minLength} chars long`)));
  }
  const { pattern } = node;
  if (!pattern || pattern.test(value)) return;
  const expected = pattern.problem === undefined ? pattern.source : `${pattern.source}, but pattern is invalid: ${pattern.problem}`;
  fail(check, invalid(fieldOf(check), value, says(at(check), `should match '${expected}'`)));
}

function checkFormat(value: string, format: string, check: Check): void {
  const test = format === "" ? undefined : stringFormat(format);
  if (!test || test(value)) return;
  const path = at(check);
  fail(check, typeInvalid(fieldOf(check, path), value, `${says(path, `must be of type ${format}`)}: ${quoted(value)}`));
}

function checkItems(node: Structural, list: readonly unknown[], check: Check, correlation: Correlation | undefined): Score {
  let score: Score = 1;
  const { items, source } = node;
  if (items) {
    for (let index = 0; index < list.length; index++) {
      check.path.push(index);
      score += visit(items, list[index], check, correlateItem(correlation, index));
      check.path.pop();
    }
  }
  if (source.minItems !== undefined && list.length < source.minItems) {
    fail(check, invalid(fieldOf(check), list.length, says(at(check), `should have at least ${source.minItems} items`)));
  }
  if (source.maxItems !== undefined && list.length > source.maxItems) fail(check, tooMany(fieldOf(check), list.length, source.maxItems));
  if (source.uniqueItems && hasRepeated(list)) fail(check, invalid(fieldOf(check), "", says(at(check), "shouldn't contain duplicates")));
  return score;
}

function hasRepeated(list: readonly unknown[]): boolean {
  return (
    new Set(list.map((item) => `${typeof item}${stringifyJson(item)}`)).size < list.length &&
    list.some((item, index) => list.slice(0, index).some((other) => jsonEqual(item, other)))
  );
}

function checkCounts(node: Structural, count: number, check: Check): void {
  const { minProperties, maxProperties } = node.source;
  const path = at(check);
  if (minProperties !== undefined && count < minProperties) {
    fail(check, invalid(fieldOf(check, path), count, says(path, `should have at least ${minProperties} properties`)));
  }
  if (maxProperties !== undefined && count > maxProperties) fail(check, tooMany(fieldOf(check, path), count, maxProperties));
}

function checkField(child: Structural, name: string, object: Fields, check: Check, correlation: Correlation | undefined): Score {
  check.path.push(name);
  const atRoot = check.path.length === 1 && check.root === "" && (name === "kind" || name === "apiVersion");
  const score = visit(child, object[name], check, atRoot ? undefined : correlateField(correlation, name));
  check.path.pop();
  return score;
}

function checkFields(node: Structural, object: Fields, check: Check, correlation: Correlation | undefined): Score {
  let score: Score = 0;
  const keys = Object.keys(object);
  const { additional, source } = node;
  if (source.minProperties !== undefined || source.maxProperties !== undefined) checkCounts(node, keys.length, check);
  for (const key of keys) {
    const child = node.properties.get(key);
    if (child) score += checkField(child, key, object, check, correlation);
    else if (additional !== undefined && additional !== "any") score += checkField(additional, key, object, check, correlation);
  }
  for (const name of source.required ?? []) {
    if (!Object.hasOwn(object, name)) fail(check, required(fieldOf(check, `${at(check)}.${name}`), ""));
  }
  return score;
}

interface Attempt {
  readonly score: Score;
  readonly causes: readonly Cause[];
}

function attempt(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Attempt {
  const trial: Check = { ...check, causes: [] };
  const score = visit(node, value, trial, correlation);
  return { score, causes: trial.causes };
}

/** Of failed alternatives, the one that went furthest; the first of equals. */
function closest(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts.reduce<Attempt | undefined>((best, one) => (best === undefined || one.score > best.score ? one : best), undefined);
}

function checkAnyOf(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Score {
  if (node.anyOf.length === 0) return 0;
  const failed: Attempt[] = [];
  for (const alternative of node.anyOf) {
    const one = attempt(alternative, value, check, correlation);
    if (one.causes.length === 0) return one.score;
    failed.push(one);
  }
  failNowhere(check, `${quoted(shownPath(check))} must validate at least one schema (anyOf)`);
  return merged(closest(failed), check);
}

function checkOneOf(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Score {
  if (node.oneOf.length === 0) return 0;
  const attempts = node.oneOf.map((alternative) => attempt(alternative, value, check, correlation));
  const valid = attempts.filter((one) => one.causes.length === 0);
  if (valid.length === 1) return valid[0]?.score ?? 0;
  const found = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`;
  failNowhere(check, `${quoted(shownPath(check))} must validate one and only one schema (oneOf). ${found}`);
  return valid.length === 0 ? merged(closest(attempts), check) : 0;
}

function checkAllOf(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Score {
  if (node.allOf.length === 0) return 0;
  const attempts = node.allOf.map((one) => attempt(one, value, check, correlation));
  const valid = attempts.filter((one) => one.causes.length === 0).length;
  const score = attempts.reduce((sum, one) => sum + merged(one, check), 0);
  if (valid < attempts.length) failNowhere(check, `${quoted(shownPath(check))} must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`);
  return score;
}

const shownPath = (check: Check): string => withoutDot(at(check));

function merged(one: Attempt | undefined, check: Check): Score {
  if (!one) return 0;
  check.causes.push(...one.causes);
  return one.score;
}

function checkJunctors(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Score {
  const score = checkAnyOf(node, value, check, correlation) + checkOneOf(node, value, check, correlation) + checkAllOf(node, value, check, correlation);
  if (node.not && attempt(node.not, value, check, correlation).causes.length === 0) {
    failNowhere(check, `${quoted(shownPath(check))} must not validate the schema (not)`);
  }
  return score + 1;
}

function checkNull(node: Structural, check: Check): Score {
  const refused = node.types.length > 0 && !node.nullable;
  if (refused) refuseType(check, node.types.join(","), "null");
  if (node.source.enum) checkEnum(node, null, check);
  return refused ? 0 : 1;
}

function checkNumeric(node: Structural, value: number | bigint, format: string, check: Check): void {
  if (numberFits(node, value, format)) return;
  const path = at(check);
  for (const cause of checkNumber(node, value, format, { field: fieldOf(check, path), nowhere: fieldOf(check, ""), path: withoutDot(path) }))
    fail(check, cause);
}

/** One more for every kind of check that applies, as the real server counts. */
function checkKind(node: Structural, value: unknown, format: string, check: Check, correlation: Correlation | undefined): Score {
  if (typeof value === "string") {
    checkString(node, value, check);
    checkFormat(value, format, check);
    return format !== "" && stringFormat(format) ? 2 : 1;
  }
  if (Array.isArray(value)) return checkItems(node, value, check, correlation) + 1;
  if (typeof value === "object") return checkFields(node, value as Fields, check, correlation) + 1;
  if (typeof value === "number" || typeof value === "bigint") {
    checkNumeric(node, value, format, check);
    return 2;
  }
  return 0;
}

function checkHere(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Score {
  if (value === null) return checkNull(node, check);
  const format = node.source.format === undefined ? "" : effectiveFormat(node.types, node.source.format);
  let score: Score = 2;
  if (node.types.length > 0 || format !== "") score += checkType(node, value, format, check) + 1;
  if (node.anyOf.length > 0 || node.oneOf.length > 0 || node.allOf.length > 0 || node.not) score += checkJunctors(node, value, check, correlation);
  else score++;
  score += checkKind(node, value, format, check, correlation);
  if (node.source.enum) checkEnum(node, value, check);
  return score + 1;
}

function visit(node: Structural, value: unknown, check: Check, correlation: Correlation | undefined): Score {
  const before = check.causes.length;
  const score = checkHere(node, value, check, correlation);
  if (check.ratchet && check.causes.length > before && unchanged(correlation)) check.causes.length = before;
  return score;
}

/** Each text once, in the order found. */
function distinct(causes: readonly Cause[]): Cause[] {
  const seen = new Set<string>();
  return causes.filter(({ field, message }) => {
    const text = `${field}\n${message}`;
    return seen.has(text) ? false : seen.add(text);
  });
}

/** Checks types, ranges, lengths, patterns, formats, enums, required fields and junctors of a value. `correlation` is given on update. */
export function checkValue(node: Structural, value: unknown, root: string, correlation: Correlation | undefined): Cause[] {
  const check: Check = { path: [], root, causes: [], ratchet: correlation !== undefined };
  visit(node, value, check, correlation);
  return distinct(check.causes);
}
