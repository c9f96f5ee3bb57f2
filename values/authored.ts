import type { Json } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { exactDouble, int64, parseFloatText, parseInteger, type Read } from "./numbers.ts";
import {
  binaryLiteral,
  booleanLiteral,
  errorLiteral,
  floatLiteral,
  integerLiteral,
  listLiteral,
  mapLiteral,
  noneLiteral,
  stringLiteral,
  unionLiteral,
} from "./literal.ts";
import { mapKeyProblem } from "./map-key.ts";
import { isProblems, problem, under, type ValueProblem } from "./problem.ts";
import { literalOfStruct, nameOfJson } from "./struct.ts";
import { parseText } from "./text.ts";
import { acceptsNone, isBlobType, printType, type Type } from "./type.ts";
import { isWellFormed } from "./unicode.ts";
import { isUntagged, onlyMember } from "./union.ts";

type Reading = Literal | ValueProblem[];
/** Most elements of one list. */
export const MAX_ELEMENTS = 1_000_000;

/**
 * The literal of a value as authored in YAML or JSON (the inside of `{value: …}`), coerced to the declared type. What would lose
 * something is a problem, and so is a number for a string: YAML has already forgotten whether it was 1.0 or 1. All problems are
 * reported, each with its path. Stored bytes cannot be written as a literal.
 */
export function literalOf(type: Type, authored: Json): Reading {
  switch (type.kind) {
    case "list":
      return listOf(type.of, authored);
    case "map":
      return mapOf(type.of, authored);
    case "union":
      return unionOf(type, authored);
    case "struct":
      return literalOfStruct(authored);
    default:
      return isBlobType(type) || type.kind === "workflow" ? storedOf(type, authored) : scalarOf(type, authored);
  }
}

function mismatch(type: Type, authored: Json, hint = ""): ValueProblem[] {
  return problem("TypeMismatch", `expected ${printType(type)}, found ${nameOfJson(authored)}${hint}`);
}

function scalarOf(type: Type, authored: Json): Reading {
  switch (type.kind) {
    case "integer":
      return built(integerOf(authored), integerLiteral);
    case "float":
      return built(floatOf(authored), floatLiteral);
    case "boolean":
      return typeof authored === "boolean" ? booleanLiteral(authored) : textOf(type, authored);
    case "string":
      return stringOf(authored);
    case "none":
      return authored === null ? noneLiteral() : mismatch(type, authored);
    case "binary":
      return binaryOf(authored);
    case "error":
      return errorOf(authored);
    default:
      return textOf(type, authored);
  }
}

function stringOf(authored: Json): Reading {
  if (typeof authored !== "string") return mismatch({ kind: "string" }, authored, quoteHint(authored));
  return isWellFormed(authored) ? stringLiteral(authored) : problem("LossyCoercion", "half a surrogate pair cannot be stored as UTF-8");
}

function quoteHint(authored: Json): string {
  return typeof authored === "number" || typeof authored === "boolean" || typeof authored === "bigint" ? `: write it quoted, "${authored}"` : "";
}

function built<T>(read: Read<T>, build: (value: T) => Literal): Reading {
  return Array.isArray(read) ? read : build(read.value);
}

/** Types whose authored form is their text: datetime, duration, enum, and a quoted boolean. */
function textOf(type: Type, authored: Json): Reading {
  return typeof authored === "string" ? parseText(type, authored) : mismatch(type, authored, quoteHint(authored));
}

function integerOf(authored: Json): Read<bigint> {
  if (typeof authored === "string") return parseInteger(authored.trim());
  if (typeof authored === "bigint") return int64(authored);
  if (typeof authored !== "number") return mismatch({ kind: "integer" }, authored);
  if (!Number.isInteger(authored)) return problem("LossyCoercion", `${authored} is not a whole number`);
  if (!Number.isSafeInteger(authored)) return problem("LossyCoercion", `an integer beyond 2^53 must be written quoted to be exact`);
  return { value: BigInt(authored) };
}

function floatOf(authored: Json): Read<number> {
  if (typeof authored === "number") return { value: authored };
  if (typeof authored === "string") return parseFloatText(authored.trim());
  if (typeof authored !== "bigint") return mismatch({ kind: "float" }, authored);
  const value = exactDouble(authored);
  return value !== undefined ? { value } : problem("LossyCoercion", `a float cannot hold ${authored} exactly`);
}

function binaryOf(authored: Json): Reading {
  if (typeof authored !== "string") return mismatch({ kind: "binary" }, authored);
  const bytes = Buffer.from(authored, "base64");
  const unpadded = (text: string) => text.replace(/\s|=+$/g, "");
  return unpadded(bytes.toString("base64")) === unpadded(authored)
    ? binaryLiteral(new Uint8Array(bytes))
    : problem("InvalidValue", "binary is written as base64");
}

function errorOf(authored: Json): Reading {
  if (typeof authored === "string") return errorLiteral(authored);
  const { message, failedNodeId } = isObject(authored) ? authored : {};
  if (typeof message !== "string") return mismatch({ kind: "error" }, authored, "; write {message: …}");
  return errorLiteral(message, typeof failedNodeId === "string" ? failedNodeId : "");
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** Stored bytes come from a file of the repository, from another node or from elsewhere, and never from inside a literal. */
function storedOf(type: Type, authored: Json): Reading {
  if (isObject(authored) && "uri" in authored)
    return problem("RemoteDataUnsupported", "{uri: …} is an input of its own, not a part of a value: give one directory, or one input per file");
  if (type.kind === "workflow") return mismatch(type, authored, "; only a task makes a workflow");
  const form = type.kind === "file" ? "{file: path/in/repository}" : "{directory: path/in/repository}";
  return mismatch(type, authored, `; write ${form} or a reference`);
}

function listOf(of: Type, authored: Json): Reading {
  if (!Array.isArray(authored)) return mismatch({ kind: "list", of }, authored);
  if (authored.length > MAX_ELEMENTS) return problem("InvalidValue", `a list has at most ${MAX_ELEMENTS} elements`);
  const problems: ValueProblem[] = [];
  const literals: Literal[] = [];
  for (const [index, element] of authored.entries()) {
    const literal = literalOf(of, element as Json);
    if (isProblems(literal)) problems.push(...under(index, literal));
    else literals.push(literal);
  }
  return problems.length > 0 ? problems : listLiteral(literals);
}

function mapOf(of: Type, authored: Json): Reading {
  if (!isObject(authored)) return mismatch({ kind: "map", of }, authored);
  const problems: ValueProblem[] = [];
  const entries: [string, Literal][] = [];
  for (const [key, element] of Object.entries(authored)) {
    const refusal = mapKeyProblem(key);
    if (refusal !== undefined) problems.push(...under(key, problem("InvalidValue", refusal)));
    const literal = literalOf(of, element);
    if (isProblems(literal)) problems.push(...under(key, literal));
    else entries.push([key, literal]);
  }
  return problems.length > 0 ? problems : mapLiteral(entries);
}

/** null is none; `{type, value}` names the member; otherwise the member whose own JSON form this is, or the only one it can be coerced to. */
function unionOf(type: Extract<Type, { kind: "union" }>, authored: Json): Reading {
  if (authored === null && acceptsNone(type)) return unionLiteral({ kind: "none" }, noneLiteral());
  const tagged =
    isUntagged(type) && type.members.some((member) => member.kind === "struct" || member.kind === "map") ? undefined : taggedMember(type.members, authored);
  if (tagged !== undefined) {
    const value = literalOf(tagged.member, tagged.value);
    return isProblems(value) ? under("value", value) : unionLiteral(tagged.member, value);
  }
  const natural = type.members.find((member) => isNatural(member, authored));
  if (natural === undefined) return onlyMember(type.members, (member) => literalOf(member, authored));
  const value = literalOf(natural, authored);
  return isProblems(value) ? [...value] : unionLiteral(natural, value);
}

function taggedMember(members: readonly Type[], authored: Json): { member: Type; value: Json } | undefined {
  if (!isObject(authored) || Object.keys(authored).sort().join() !== "type,value") return undefined;
  const member = members.find((candidate) => printType(candidate) === authored["type"]);
  return member === undefined ? undefined : { member, value: authored["value"] as Json };
}

/** True when this JSON is how a value of the type is written, without any coercion. */
function isNatural(type: Type, authored: Json): boolean {
  switch (type.kind) {
    case "integer":
      return typeof authored === "bigint" || Number.isInteger(authored);
    case "float":
      return typeof authored === "number" && !Number.isInteger(authored);
    case "string":
      return typeof authored === "string";
    case "boolean":
      return typeof authored === "boolean";
    case "enum":
      return typeof authored === "string" && type.values.includes(authored);
    case "struct":
      return isObject(authored);
    case "map":
      return isObject(authored) && Object.values(authored).every((element) => isNatural(type.of, element));
    case "list":
      return Array.isArray(authored) && authored.every((element) => isNatural(type.of, element as Json));
    case "union":
      return type.members.some((member) => isNatural(member, authored));
    default:
      return type.kind === "none" && authored === null;
  }
}
