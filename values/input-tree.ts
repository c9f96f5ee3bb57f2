import type { Json } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { type FileLayout, filePlace } from "./layout.ts";
import { blobOf, isNone, unwrap } from "./literal.ts";
import { escapeMapKey } from "./map-key.ts";
import type { Parameter } from "./parameter.ts";
import { literalText } from "./text.ts";
import { literalToJson } from "./to-json.ts";

/** One thing to put below the input directory. `path` is a list of file names, each safe by itself. */
export type InputEntry =
  | { readonly kind: "text"; readonly path: readonly string[]; readonly data: string | Uint8Array }
  /** A folder that is there even when nothing follows in it. */
  | { readonly kind: "folder"; readonly path: readonly string[] }
  | { readonly kind: "file"; readonly path: readonly string[]; readonly uri: string }
  /** All objects below `uri`; `files` of them where that is known. */
  | { readonly kind: "tree"; readonly path: readonly string[]; readonly uri: string; readonly files?: number };

/**
 * The entries of an input directory, one per variable and below, folders before what is in them. None has no entry. Literals must be
 * loaded: an offloaded one throws.
 */
export function* inputEntries(inputs: readonly Parameter[], literals: { readonly [name: string]: Literal }, layout: FileLayout): Generator<InputEntry> {
  for (const input of inputs) {
    const literal = Object.hasOwn(literals, input.name) ? literals[input.name] : undefined;
    if (literal === undefined) continue;
    const blob = input.download === "None" ? blobOf(literal) : undefined;
    if (blob !== undefined) yield { kind: "text", path: [`${input.name}.uri`], data: `${blob.uri}\n` };
    else yield* entriesOf(literal, [input.name], layout);
  }
}

function* entriesOf(literal: Literal, path: readonly string[], layout: FileLayout): Generator<InputEntry> {
  const { value } = unwrap(literal);
  if (isNone(literal)) return;
  switch (value.case) {
    case "collection":
      yield { kind: "folder", path };
      for (const [index, element] of value.value.literals.entries()) yield* entriesOf(element, [...path, String(index)], layout);
      return;
    case "map":
      yield { kind: "folder", path };
      for (const [key, element] of Object.entries(value.value.literals)) yield* entriesOf(element, [...path, escapeMapKey(key)], layout);
      return;
    case "scalar":
      yield scalarEntry(literal, path, layout);
      return;
    default:
      throw new Error(`the value at ${path.join("/")} is not loaded`);
  }
}

function scalarEntry(literal: Literal, path: readonly string[], layout: FileLayout): InputEntry {
  const blob = blobOf(literal);
  if (blob === undefined) return { kind: "text", path, data: literalText(literal) ?? "" };
  if (!blob.multipart) return { kind: "file", path: filePlace(path, blob.uri, layout), uri: blob.uri };
  return { kind: "tree", path, uri: blob.uri, ...(blob.files === undefined ? {} : { files: blob.files }) };
}

/** All inputs as one JSON object, as in inputs.json; files are paths below `directory`, absent ones null. */
export function inputsJson(
  inputs: readonly Parameter[],
  literals: { readonly [name: string]: Literal },
  options: { readonly directory: string; readonly layout: FileLayout },
): { readonly [name: string]: Json } {
  const jsonOf = (input: Parameter): Json => {
    const literal = Object.hasOwn(literals, input.name) ? literals[input.name] : undefined;
    if (literal === undefined) return null;
    if (input.download === "None") return literalToJson(input.type, literal);
    return literalToJson(input.type, literal, { place: (uri, at) => placeOf(literal, uri, [input.name, ...at.map(segmentOf)]) });
  };
  const placeOf = (literal: Literal, uri: string, at: readonly string[]) => {
    const multipart = blobOf(literal)?.multipart ?? false;
    return [options.directory, ...(multipart ? at : filePlace(at, uri, options.layout))].join("/");
  };
  return Object.fromEntries(inputs.map((input) => [input.name, jsonOf(input)]));
}

function segmentOf(segment: string | number): string {
  return typeof segment === "number" ? String(segment) : escapeMapKey(segment);
}
