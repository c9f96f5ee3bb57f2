import type { ErrorObject } from "ajv";
import { nearestWord } from "../base/index.ts";
import { pathText, type Problem, type ProblemCode } from "./problem.ts";
import { VALUE_KEYS } from "./value-forms.ts";

type Path = (string | number)[];
type Schema = { readonly [keyword: string]: unknown };

/** One ajv error with what it is about. */
interface Mistake {
  readonly path: Path;
  /** `retries`, `after[0]`, `spec`: the value that is wrong, for the sentence. */
  readonly subject: string;
  readonly data: unknown;
  readonly params: Schema;
  readonly schema: Schema;
  /** The key that is wrong, for errors about keys. */
  readonly key: string | undefined;
}

interface Sentence {
  readonly code: ProblemCode;
  readonly message: string;
  readonly at?: string;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "a map",
  array: "a list",
};

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "bigint" ? "number" : typeof value;
}

function shown(value: unknown): string {
  const plain: Readonly<Record<string, string>> = { object: "a map", array: "a list" };
  const text = plain[typeOf(value)] ?? (typeof value === "string" ? JSON.stringify(value) : String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function actual(value: unknown): string {
  const kind = typeOf(value);
  if (kind === "string") return `the text ${shown(value)}`;
  return kind === "number" ? `the number ${shown(value)}` : shown(value);
}

function knownFields(schema: Schema): string[] {
  const fields = Object.entries((schema["properties"] ?? {}) as Record<string, Schema>);
  return fields.filter(([, field]) => field["deprecated"] !== true).map(([name]) => name);
}

function didYouMean(word: string, known: readonly string[]): string | undefined {
  const guess = nearestWord(word, known);
  return guess === undefined ? undefined : `did you mean "${guess}"?`;
}

function unknownField({ params, schema, subject, path }: Mistake): Sentence {
  const name = String(params["additionalProperty"]);
  if (name === "status" && path.length === 0)
    return { code: "StatusNotAllowed", at: name, message: "status is written by the controllers: remove it from the manifest" };
  const known = knownFields(schema);
  const hint = didYouMean(name, known) ?? `known here: ${known.join(", ")}`;
  return { code: "UnknownField", at: name, message: `unknown field "${name}" in ${subject}: ${hint}` };
}

function missingField({ params, schema, subject }: Mistake): Sentence {
  const name = String(params["missingProperty"]);
  const description = ((schema["properties"] ?? {}) as Record<string, Schema>)[name]?.["description"];
  return { code: "MissingField", message: `${subject} needs ${name}${typeof description === "string" ? `: ${description}` : ""}` };
}

function quotedFits(data: unknown, schema: Schema): boolean {
  if (typeof data !== "number" && typeof data !== "boolean" && typeof data !== "bigint") return false;
  if (schema["if"] !== undefined) return false;
  return typeof schema["pattern"] !== "string" || new RegExp(schema["pattern"], "u").test(String(data));
}

/** How to repair a value of the wrong type, when that can be said. */
function typeFix(types: readonly string[], data: unknown, schema: Schema): string {
  if (types.includes("string") && quotedFits(data, schema)) return `: write it quoted, "${String(data)}"`;
  if (typeof data === "string" && (types.includes("integer") || types.includes("number")) && /^-?[0-9.]+$/.test(data))
    return `: write it without quotes, ${data}`;
  if (types.includes("boolean") && (data === "true" || data === "false")) return `: write it without quotes, ${data}`;
  if (types.includes("array") && (typeof data === "string" || typeof data === "number")) return `: write [${shown(data)}]`;
  return "";
}

function wrongType({ data, params, schema, subject }: Mistake): Sentence {
  const types = [params["type"]].flat().map(String);
  if (data === null) return { code: "WrongType", message: `${subject} has no value: write one, or remove the line` };
  const expected = typeof schema["errorMessage"] === "string" ? schema["errorMessage"] : types.map((type) => TYPE_WORDS[type] ?? type).join(" or ");
  return { code: "WrongType", message: `${subject} must be ${expected}, but is ${actual(data)}${typeFix(types, data, schema)}` };
}

function notAllowed({ data, params, subject }: Mistake): Sentence {
  const allowed = (params["allowedValues"] ?? [params["allowedValue"]]) as unknown[];
  const words = allowed.map(String);
  const hint = typeof data === "string" && words.length > 1 ? didYouMean(data, words) : undefined;
  return {
    code: "NotAllowed",
    message: `${subject} is ${shown(data)}, but must be ${words.length > 1 ? `one of ${words.join(", ")}` : words.join()}${hint ? `: ${hint}` : ""}`,
  };
}

function badText({ data, schema, subject, key, params }: Mistake): Sentence {
  const expected = typeof schema["errorMessage"] === "string" ? schema["errorMessage"] : `text that matches ${String(params["pattern"] ?? params["format"])}`;
  if (key !== undefined) return { code: "BadName", at: key, message: `"${key}" is not ${expected}` };
  return { code: "BadFormat", message: `${subject} is ${shown(data)}, which is not ${expected}` };
}

function forbidden(mistake: Mistake): Sentence {
  const { key, subject, schema, data } = mistake;
  if (key !== undefined) return { code: "BadName", at: key, message: `"${key}" is a word of the expression language: choose another name` };
  const reason = typeof schema["errorMessage"] === "string" ? schema["errorMessage"] : "not allowed here";
  const [only, ...others] = Object.keys((data ?? {}) as Schema);
  if (only === undefined || others.length > 0) return { code: "NotAllowed", message: `${subject}: ${reason}` };
  if (VALUE_KEYS.includes(only)) return { code: "NotAllowed", message: `${subject}: {${only}: …} has no meaning here; ${reason}` };
  return { code: "NotAllowed", message: `${subject}: ${didYouMean(only, VALUE_KEYS) ?? reason}` };
}

function outOfRange({ params, subject, data }: Mistake): Sentence {
  const word = String(params["comparison"]).startsWith(">") ? "at least" : "at most";
  return { code: "OutOfRange", message: `${subject} is ${shown(data)}, but must be ${word} ${String(params["limit"])}` };
}

function tooFew({ params, subject }: Mistake): Sentence {
  return { code: "OutOfRange", message: `${subject} needs at least ${String(params["limit"])} ${params["limit"] === 1 ? "entry" : "entries"}` };
}

function tooMany({ params, subject }: Mistake): Sentence {
  return { code: "TooLong", message: `${subject} has more than ${String(params["limit"])} entries` };
}

const SENTENCES: Readonly<Record<string, (mistake: Mistake) => Sentence>> = {
  additionalProperties: unknownField,
  required: missingField,
  type: wrongType,
  enum: notAllowed,
  const: notAllowed,
  pattern: badText,
  format: badText,
  not: forbidden,
  minimum: outOfRange,
  maximum: outOfRange,
  minItems: tooFew,
  minProperties: tooFew,
  maxItems: tooMany,
  maxProperties: tooMany,
  minLength: ({ subject }) => ({ code: "BadFormat", message: `${subject} may not be empty` }),
  maxLength: ({ subject, params }) => ({ code: "TooLong", message: `${subject} is longer than ${String(params["limit"])} characters` }),
  uniqueItems: ({ subject, params, data }) => ({
    code: "Duplicate",
    message: `${subject} has ${shown((data as unknown[])[Number(params["i"])])} twice: remove one`,
  }),
};

/** Errors that only frame another one. */
const FRAMES = new Set(["if", "propertyNames"]);

/** A JSON pointer as steps: numbers where the value is a list. */
function stepsOf(pointer: string, root: unknown): Path {
  let value = root;
  return pointer
    .split("/")
    .slice(1)
    .map((raw) => {
      const name = raw.replaceAll("~1", "/").replaceAll("~0", "~");
      const step = Array.isArray(value) ? Number(name) : name;
      value = (value as Record<string, unknown> | undefined)?.[name];
      return step;
    });
}

function subjectOf(path: Path, kind: string): string {
  const last = path.at(-1);
  if (last === undefined) return kind;
  return typeof last === "string" ? last : pathText(path.slice(-2));
}

/** The field that an unknown one was meant to be: then its absence is not a second mistake. */
export function meantFields(errors: readonly ErrorObject[]): ReadonlySet<string> {
  const meant = errors.flatMap((error) => {
    if (error.keyword !== "additionalProperties") return [];
    const guess = nearestWord(String((error.params as Schema)["additionalProperty"]), knownFields((error.parentSchema ?? {}) as Schema));
    return guess === undefined ? [] : [`${error.instancePath}/${guess}`];
  });
  return new Set(meant);
}

/** The sentence for one error of ajv (options `verbose`, `allErrors`), or undefined for one that only frames another. */
export function problemOf(error: ErrorObject, root: unknown, kind: string): Problem | undefined {
  if (FRAMES.has(error.keyword)) return undefined;
  const path = stepsOf(error.instancePath, root);
  const sentence = SENTENCES[error.keyword]?.({
    path,
    subject: subjectOf(path, kind),
    data: error.data,
    params: error.params as Schema,
    schema: (error.parentSchema ?? {}) as Schema,
    key: error.propertyName,
  });
  if (!sentence) return { path, code: "RuleViolated", message: `${subjectOf(path, kind)} ${error.message ?? "is invalid"}` };
  return { path: sentence.at === undefined ? path : [...path, sentence.at], code: sentence.code, message: sentence.message };
}
