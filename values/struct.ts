import type { Json } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { structLiteral, type StructValue } from "./literal.ts";
import { exactDouble } from "./numbers.ts";
import { isProblems, problem, under, type ValueProblem } from "./problem.ts";

type StructJson = StructValue[string];
const MAX_DEPTH = 64;

/** A JSON object as a struct literal. A struct holds doubles: an integer beyond ±2^53 and a number that is not finite are refused. */
export function literalOfStruct(json: Json): Literal | ValueProblem[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return problem("TypeMismatch", `a struct is a JSON object, not ${nameOfJson(json)}`);
  const value = structJson(json, 0);
  return Array.isArray(value) ? value : structLiteral(value.value as StructValue);
}

/** What people call a JSON value. */
export function nameOfJson(json: Json): string {
  if (json === null) return "null";
  if (Array.isArray(json)) return "a list";
  if (typeof json === "object") return "an object";
  return typeof json === "string" ? "a string" : typeof json === "boolean" ? "a boolean" : "a number";
}

function structInteger(json: bigint): { value: StructJson } | ValueProblem[] {
  const value = exactDouble(json);
  return value === undefined ? problem("LossyCoercion", `a struct cannot hold ${json} exactly; write it as a string`) : { value };
}

function structJson(json: Json, depth: number): { value: StructJson } | ValueProblem[] {
  if (depth > MAX_DEPTH) return problem("InvalidValue", `a struct may be nested at most ${MAX_DEPTH} deep`);
  if (typeof json === "bigint") return structInteger(json);
  if (typeof json === "number") return Number.isFinite(json) ? { value: json } : problem("LossyCoercion", `a struct cannot hold ${json}`);
  if (typeof json !== "object" || json === null) return { value: json };
  const problems: ValueProblem[] = [];
  const fields: [string | number, StructJson][] = [];
  for (const [key, field] of Array.isArray(json) ? json.entries() : Object.entries(json)) {
    const read = structJson(field as Json, depth + 1);
    if (isProblems(read)) problems.push(...under(key, read));
    else fields.push([key, read.value]);
  }
  if (problems.length > 0) return problems;
  return { value: Array.isArray(json) ? fields.map(([, value]) => value) : Object.fromEntries(fields.map(([key, value]) => [String(key), value] as const)) };
}
