import { type Json, stringifyJson } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { scalarOf } from "./literal.ts";
import type { Parameter } from "./parameter.ts";
import { literalToJson } from "./to-json.ts";

const MAX_VALUE_BYTES = 256;
const MAX_TOTAL_BYTES = 4096;
const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/**
 * What a status may show of values: scalars of at most 256 bytes, 4 KiB together (as JSON, keys included), in declared order, never
 * a sensitive one. What does not fit is left out, not cut.
 */
export function previewOf(parameters: readonly Parameter[], literals: { readonly [name: string]: Literal }): { [name: string]: Json } {
  const preview: { [name: string]: Json } = {};
  let total = 2;
  for (const { name, type, sensitive } of parameters) {
    const literal = Object.hasOwn(literals, name) ? literals[name] : undefined;
    if (sensitive || literal === undefined || scalarOf(literal)?.case !== "primitive") continue;
    const json = literalToJson(type, literal);
    const size = bytesOf(stringifyJson(json));
    const entry = size + bytesOf(stringifyJson(name)) + 2;
    if (size > MAX_VALUE_BYTES || total + entry > MAX_TOTAL_BYTES) continue;
    preview[name] = json;
    total += entry;
  }
  return preview;
}
