import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { editorSchema } from "./editor.ts";
import { fillDefaults } from "./fill-defaults.ts";
import type { AnyKind } from "./kind.ts";
import type { Problem } from "./problem.ts";
import { runRule, type Walk, walkRules } from "./rule-walk.ts";
import { meantFields, problemOf } from "./sentences.ts";

/** Beyond this nobody reads on. */
const MAX_PROBLEMS = 200;

/** Our own schemas are known to be good (a test holds them against the meta-schema), and run far less often than they are compiled. */
const FAST_COMPILE = { meta: false, validateSchema: false, code: { optimize: false } } as const;

/** Compiling takes some ten milliseconds for a large kind, so it happens on first use; kinds are constants, so the entries live as long as they do. */
const validators = new WeakMap<AnyKind, ValidateFunction>();

function validatorOf(kind: AnyKind): ValidateFunction {
  const known = validators.get(kind);
  if (known) return known;
  const ajv = new Ajv2020({ ...FAST_COMPILE, allErrors: true, verbose: true, allowUnionTypes: true, strict: true, strictRequired: false, strictTypes: false });
  addFormats.default(ajv, ["date-time"]);
  ajv.addKeyword({ keyword: "errorMessage", schemaType: "string" });
  const compiled = ajv.compile(editorSchema(kind));
  validators.set(kind, compiled);
  return compiled;
}

/** `null` joins no path that could be confused with another. */
const keyOf = (path: readonly (string | number)[]) => path.join("\u0000");

function schemaProblems(kind: AnyKind, object: unknown): Problem[] {
  const validate = validatorOf(kind);
  if (validate(object)) return [];
  const errors = validate.errors ?? [];
  const meant = meantFields(errors);
  const mistakes = errors.filter((error) => error.keyword !== "required" || !meant.has(`${error.instancePath}/${String(error.params["missingProperty"])}`));
  return mistakes.slice(0, MAX_PROBLEMS).flatMap((error) => problemOf(error, object, kind.kind) ?? []);
}

/** Every path at or above a problem. */
function brokenPaths(problems: readonly Problem[]): ReadonlySet<string> {
  return new Set(problems.flatMap(({ path }) => Array.from({ length: path.length + 1 }, (_, length) => keyOf(path.slice(0, length)))));
}

type Fields = Readonly<Record<string, unknown>>;

function filled(kind: AnyKind, object: Fields): Fields {
  return { ...object, spec: fillDefaults(kind.spec.node, object["spec"]) };
}

/**
 * Everything wrong with a manifest, in sentences; an empty list when nothing is. `old` is the stored object it would replace:
 * with it, fields that may not change are compared too. Never throws, whatever the object is.
 */
export function checkObject(kind: AnyKind, object: unknown, old?: unknown): Problem[] {
  const problems = schemaProblems(kind, object);
  if (typeof object !== "object" || object === null || Array.isArray(object)) return problems;
  const broken = brokenPaths(problems);
  const walk: Walk = { broken: (path) => broken.has(keyOf(path)), report: (problem) => void problems.push(problem) };
  const now = filled(kind, object as Fields);
  const before = old === undefined ? undefined : filled(kind, old as Fields);
  walkRules(kind.spec.node, now["spec"], before?.["spec"], ["spec"], walk);
  if (!walk.broken([])) for (const rule of kind.rules) runRule(rule, now, before, [], walk);
  return problems;
}
