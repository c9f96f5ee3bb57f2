import type { Fields } from "../base/index.ts";
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { editorForm, type EditorSchema, editorSchema } from "./editor.ts";
import { fillDefaults } from "./fill-defaults.ts";
import type { AnyKind } from "./kind.ts";
import type { Problem } from "./problem.ts";
import { runRule, type Walk, walkRules } from "./rule-walk.ts";
import type { AnyShape } from "./shape.ts";
import { meantFields, problemOf } from "./sentences.ts";

/** Beyond this nobody reads on. */
const MAX_PROBLEMS = 200;

/** Our own schemas are known to be good (a test holds them against the meta-schema), and run far less often than they are compiled. */
const FAST_COMPILE = { meta: false, validateSchema: false, code: { optimize: false } } as const;

function compile(schema: EditorSchema): ValidateFunction {
  const ajv = new Ajv2020({ ...FAST_COMPILE, allErrors: true, verbose: true, allowUnionTypes: true, strict: true, strictRequired: false, strictTypes: false });
  addFormats.default(ajv, ["date-time"]);
  ajv.addKeyword({ keyword: "errorMessage", schemaType: "string" });
  return ajv.compile(schema);
}

const keyOf = (path: readonly (string | number)[]) => JSON.stringify(path);

function schemaProblems(subject: string, validate: ValidateFunction, object: unknown): Problem[] {
  if (validate(object)) return [];
  const errors = validate.errors ?? [];
  const meant = meantFields(errors);
  const mistakes = errors.filter((error) => error.keyword !== "required" || !meant.has(`${error.instancePath}/${String(error.params["missingProperty"])}`));
  return mistakes.slice(0, MAX_PROBLEMS).flatMap((error) => problemOf(error, object, subject) ?? []);
}

/** Every path at or above a problem. */
function brokenPaths(problems: readonly Problem[]): ReadonlySet<string> {
  return new Set(problems.flatMap(({ path }) => Array.from({ length: path.length + 1 }, (_, length) => keyOf(path.slice(0, length)))));
}

function filled(kind: AnyKind, object: Fields): Fields {
  return { ...object, spec: fillDefaults(kind.spec.node, object["spec"]) };
}

function walkOver(found: readonly Problem[], problems: Problem[]): Walk {
  const broken = brokenPaths(found);
  return { broken: (path) => broken.size > 0 && broken.has(keyOf(path)), report: (problem) => void problems.push(problem) };
}

function ruleProblems(kind: AnyKind, object: Fields, old: unknown, found: readonly Problem[]): Problem[] {
  const problems: Problem[] = [];
  const walk = walkOver(found, problems);
  const now = filled(kind, object);
  const before = old === undefined ? undefined : filled(kind, old as Fields);
  walkRules(kind.spec.node, now["spec"], before?.["spec"], ["spec"], walk);
  if (found.length === 0) for (const rule of kind.rules) runRule(rule, now, before, [], walk);
  return problems;
}

/**
 * Makes the check of a kind: everything wrong with a manifest, in sentences; an empty list when nothing is. `old` is the stored object
 * it would replace: with it, fields that may not change are compared too. Never throws, whatever the object is. The schema is compiled
 * on first use, which takes some ten milliseconds for a large kind.
 */
export function checkerOf(kind: AnyKind): (object: unknown, old?: unknown) => Problem[] {
  let validate: ValidateFunction | undefined;
  return (object, old) => {
    validate ??= compile(editorSchema(kind));
    const problems = schemaProblems(kind.kind, validate, object);
    if (typeof object !== "object" || object === null || Array.isArray(object)) return problems;
    return [...problems, ...ruleProblems(kind, object as Fields, old, problems)];
  };
}

/**
 * The same check for a shape that is not a kind: everything wrong with a value, its defaults not filled in yet. `subject` is what the
 * sentences call the value as a whole. Never throws.
 */
export function checkerOfShape(shape: AnyShape, subject: string): (value: unknown) => Problem[] {
  let validate: ValidateFunction | undefined;
  return (value) => {
    const definitions = {};
    validate ??= compile({ ...editorForm(shape.node, definitions), $defs: definitions });
    const problems = schemaProblems(subject, validate, value);
    const broken: Problem[] = [];
    walkRules(shape.node, fillDefaults(shape.node, value), undefined, [], walkOver(problems, broken));
    return [...problems, ...broken];
  };
}
