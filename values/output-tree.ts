import { Failure, isBelowPrefix, inParallel, messageOf, normalUri, parseJson } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { literalOf, MAX_ELEMENTS } from "./authored.ts";
import { blobLiteral, listLiteral, mapLiteral, noneLiteral, unionLiteral } from "./literal.ts";
import { unescapeMapKey } from "./map-key.ts";
import type { Parameter } from "./parameter.ts";
import { isProblems } from "./problem.ts";
import { parseText } from "./text.ts";
import { acceptsNone, isBlobType, membersOf, printType, type Type } from "./type.ts";
import { decodeUtf8 } from "./unicode.ts";

/** The directory a task leaves its outputs in. Every method rejects with OutputFailure for what must not be read (links that lead out, sockets, …). */
export interface OutputTree {
  /** Names in a folder, sorted. */
  list(path: readonly string[]): Promise<readonly string[]>;
  /** What is there, links followed; undefined for nothing. */
  kind(path: readonly string[]): Promise<"file" | "folder" | undefined>;
  /** The whole file, or "too large". */
  read(path: readonly string[], maxBytes: number): Promise<Uint8Array | "too large">;
}

export type OutputProblemCode = "OutputMissing" | "OutputAmbiguous" | "OutputInvalid" | "OutputTooLarge" | "OutputLinkEscapes";

/** Something in the outputs that is the task's fault. */
export class OutputFailure extends Failure {
  override readonly retry = "terminal";
  readonly code: OutputProblemCode;
  constructor(code: OutputProblemCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.code = code;
  }
}

export interface OutputProblem {
  readonly code: OutputProblemCode;
  readonly output: string;
  readonly message: string;
}

/** Bytes still to be stored: the file or folder at `path` goes to `uri`. The literal that stands for it takes the digest and number of files afterwards. */
export interface OutputUpload {
  readonly path: readonly string[];
  readonly kind: "file" | "folder";
  readonly uri: string;
  readonly literal: Literal;
}

/** Bytes the task stored itself: something must be at `uri`. The literal that stands for remote data takes the digest afterwards. */
export interface OutputReference {
  readonly output: string;
  readonly uri: string;
  readonly multipart: boolean;
  /** Not below `rawUri` but below one of the data prefixes. */
  readonly remote: boolean;
  readonly literal: Literal;
}

export interface OutputReading {
  readonly literals: { readonly [name: string]: Literal };
  readonly uploads: readonly OutputUpload[];
  readonly references: readonly OutputReference[];
  /** For people: undeclared entries, strings that end in a newline. */
  readonly warnings: readonly string[];
  readonly problems: readonly OutputProblem[];
}

/** Inline bytes of one output value. */
const MAX_INLINE_BYTES = 10 * 1024 * 1024;
const MAX_WARNINGS = 20;
const PARALLEL_READS = 16;
/** Entries that are read by someone else. */
const OWN_ENTRIES = new Set(["_ERROR", ".progress"]);

interface Found {
  readonly literal: Literal;
  readonly uploads: readonly OutputUpload[];
  readonly references?: readonly OutputReference[];
}

/** What is being read, and how much of it may still come. */
interface Reader {
  readonly tree: OutputTree;
  readonly rawUri: string;
  readonly dataPrefixes: readonly string[];
  readonly output: string;
  readonly warn: (message: string) => void;
  bytesLeft: number;
  elementsLeft: number;
}

/**
 * Reads the declared outputs, each from `<var>`, `<var>.<ext>` (a file), `<var>.json` or `<var>.uri`. Nothing is stored: what is to be
 * stored is listed in `uploads`, with the URI (below `rawUri`) its literal already names. A `<var>.uri` may lead below `rawUri` or one of
 * `dataPrefixes`. All problems are reported.
 */
export async function readOutputs(
  tree: OutputTree,
  outputs: readonly Parameter[],
  rawUri: string,
  dataPrefixes: readonly string[] = [],
): Promise<OutputReading> {
  const names = await tree.list([]);
  const used = new Set<string>();
  const warnings: string[] = [];
  const problems: OutputProblem[] = [];
  const found: [string, Found][] = [];
  for (const output of outputs) {
    const reader: Reader = {
      tree,
      rawUri,
      dataPrefixes,
      output: output.name,
      warn: (message) => warnings.push(message),
      bytesLeft: MAX_INLINE_BYTES,
      elementsLeft: MAX_ELEMENTS,
    };
    try {
      found.push([output.name, await readOutput(reader, output.type, names, used)]);
    } catch (thrown) {
      if (!(thrown instanceof OutputFailure)) throw thrown;
      problems.push({ code: thrown.code, output: output.name, message: thrown.message });
    }
  }
  const undeclared = names.filter(
    (name) => !used.has(name) && !OWN_ENTRIES.has(name) && !problems.some(({ output }) => name === output || name.startsWith(`${output}.`)),
  );
  return {
    literals: Object.fromEntries(found.map(([name, { literal }]) => [name, literal])),
    uploads: found.flatMap(([, { uploads }]) => uploads),
    references: found.flatMap(([, { references = [] }]) => references),
    warnings: shortened([...warnings, ...undeclared.map((name) => `${name} is no declared output and is ignored`)]),
    problems,
  };
}

function shortened(warnings: readonly string[]): string[] {
  const rest = warnings.length - MAX_WARNINGS;
  return rest <= 0 ? [...warnings] : [...warnings.slice(0, MAX_WARNINGS), `and ${rest} more`];
}

async function readOutput(reader: Reader, type: Type, names: readonly string[], used: Set<string>): Promise<Found> {
  const { output } = reader;
  const takes = (name: string) => {
    used.add(name);
    return [name];
  };
  if (names.includes(output)) return readValue(reader, type, takes(output));
  const blobs = membersOf(type).filter(isBlobType);
  if (blobs.length > 0 && names.includes(`${output}.uri`)) return readUri(reader, type, takes(`${output}.uri`));
  if (blobs.some((member) => member.kind === "file" || member.kind === "dataset")) {
    const named = names.filter((name) => name.startsWith(`${output}.`));
    if (named.length > 1) throw new OutputFailure("OutputAmbiguous", `output ${output} could be ${named.join(" or ")}; leave one`);
    if (named[0] !== undefined) return readValue(reader, type, takes(named[0]));
  } else if (names.includes(`${output}.json`)) return readJson(reader, type, takes(`${output}.json`));
  if (acceptsNone(type)) return { literal: type.kind === "union" ? unionLiteral({ kind: "none" }, noneLiteral()) : noneLiteral(), uploads: [] };
  throw new OutputFailure("OutputMissing", missingMessage(output, type, names));
}

function missingMessage(output: string, type: Type, names: readonly string[]): string {
  const there = names.filter((name) => !OWN_ENTRIES.has(name)).slice(0, 10);
  return `output ${output} (${printType(type)}) is missing: the task left no entry ${output}; it left ${there.length === 0 ? "nothing" : there.join(", ")}`;
}

const shown = (path: readonly string[]) => path.join("/");

function invalid(path: readonly string[], message: string): OutputFailure {
  return new OutputFailure("OutputInvalid", `output ${shown(path)}: ${message}`);
}

async function kindAt(reader: Reader, path: readonly string[]): Promise<"file" | "folder"> {
  const kind = await reader.tree.kind(path);
  if (kind === undefined) throw invalid(path, "it is not there any more");
  return kind;
}

async function readValue(reader: Reader, type: Type, path: readonly string[]): Promise<Found> {
  switch (type.kind) {
    case "union":
      return readUnion(reader, type.members, path);
    case "list":
      return readList(reader, type.of, path);
    case "map":
      return readMap(reader, type.of, path);
    case "file":
    case "directory":
    case "dataset":
      return readBlob(reader, type, path);
    case "none":
      throw invalid(path, "none is said by leaving no entry");
    case "workflow":
      throw invalid(path, "an output of type workflow is not supported yet");
    default:
      return { literal: await readScalar(reader, type, path), uploads: [] };
  }
}

/** The bytes of an inline value, within what the output may still hold. */
async function readInline(reader: Reader, path: readonly string[]): Promise<Uint8Array> {
  if ((await kindAt(reader, path)) === "folder") throw invalid(path, "a file is expected here, this is a directory");
  const data = await reader.tree.read(path, reader.bytesLeft);
  if (data === "too large") throw new OutputFailure("OutputTooLarge", `output ${reader.output} is larger than 10 MiB; declare it as a file`);
  reader.bytesLeft -= data.length;
  if (reader.bytesLeft < 0) throw new OutputFailure("OutputTooLarge", `output ${reader.output} is larger than 10 MiB; declare it as a file`);
  return data;
}

async function readScalar(reader: Reader, type: Type, path: readonly string[]): Promise<Literal> {
  const data = await readInline(reader, path);
  const literal = parseText(type, data);
  if (isProblems(literal)) throw invalid(path, `${literal[0]?.message ?? "not readable"}${otherForm(type)}`);
  if (type.kind === "string" && data.at(-1) === 10) reader.warn(`${shown(path)} ends with \\n; printf %s writes none`);
  return literal;
}

function otherForm(type: Type): string {
  return type.kind === "struct" ? "" : ` (expected ${printType(type)})`;
}

async function readUnion(reader: Reader, members: readonly Type[], path: readonly string[]): Promise<Found> {
  const hits: { member: Type; found: Found; after: Reader }[] = [];
  const failures: OutputFailure[] = [];
  for (const member of members.filter((one) => one.kind !== "none")) {
    const attempt: Reader = { ...reader };
    try {
      hits.push({ member, found: await readValue(attempt, member, path), after: attempt });
    } catch (thrown) {
      if (!(thrown instanceof OutputFailure) || thrown.code === "OutputLinkEscapes" || thrown.code === "OutputTooLarge") throw thrown;
      failures.push(thrown);
    }
  }
  const [hit] = hits;
  if (hit === undefined) throw failures.length === 1 && failures[0] ? failures[0] : invalid(path, `fits none of ${members.map(printType).join(", ")}`);
  if (hits.length > 1) {
    const fits = hits.map(({ member }) => printType(member)).join(" and ");
    throw new OutputFailure("OutputAmbiguous", `output ${shown(path)} fits ${fits}; leave ${reader.output}.json with {"type":…,"value":…} instead`);
  }
  Object.assign(reader, { bytesLeft: hit.after.bytesLeft, elementsLeft: hit.after.elementsLeft });
  return { ...hit.found, literal: unionLiteral(hit.member, hit.found.literal) };
}

async function readBlob(reader: Reader, type: Extract<Type, { kind: "file" | "directory" | "dataset" }>, path: readonly string[]): Promise<Found> {
  const kind = await kindAt(reader, path);
  if (type.kind === "file" && kind === "folder") throw invalid(path, "a file is expected here, this is a directory");
  if (type.kind === "directory" && kind === "file") throw invalid(path, "a directory is expected here, this is a file");
  const at = type.kind === "dataset" && kind === "file" ? [...path, path.at(-1) ?? "data"] : path;
  const literal = blobLiteral(type, [reader.rawUri, ...path].join("/"));
  if (type.kind === "dataset" && kind === "file") literal.metadata["files"] = "1";
  return { literal, uploads: [{ path, kind, uri: [reader.rawUri, ...at].join("/"), literal }] };
}

function takeElements(reader: Reader, count: number): void {
  reader.elementsLeft -= count;
  if (reader.elementsLeft < 0) throw new OutputFailure("OutputTooLarge", `output ${reader.output} has more than ${MAX_ELEMENTS} elements`);
}

async function folderNames(reader: Reader, path: readonly string[]): Promise<readonly string[]> {
  if ((await kindAt(reader, path)) !== "folder") throw invalid(path, "a directory is expected here, with one entry per element; this is a file");
  return reader.tree.list(path);
}

async function readList(reader: Reader, of: Type, path: readonly string[]): Promise<Found> {
  const entries = new Map<number, string>();
  const names = await folderNames(reader, path);
  takeElements(reader, names.length);
  for (const name of names) {
    const index = indexOf(name, of);
    if (index === undefined) reader.warn(`${shown([...path, name])} is no element of a list and is ignored`);
    else if (index === "padded") throw invalid([...path, name], `the elements of a list are named 0, 1, 2 …, without leading zeros`);
    else if (entries.has(index)) throw invalid([...path, name], `element ${index} is there twice`);
    else entries.set(index, name);
  }
  const length = [...entries.keys()].reduce((most, index) => Math.max(most, index + 1), 0);
  if (length > entries.size && !acceptsNone(of)) throw invalid(path, `element ${firstGap(entries)} is missing; the last one is ${length - 1}`);
  takeElements(reader, length - entries.size);
  const found = await inParallel(Array(length).keys(), PARALLEL_READS, async (index): Promise<Found> => {
    const name = entries.get(index);
    return name === undefined ? { literal: unionLiteral({ kind: "none" }, noneLiteral()), uploads: [] } : readValue(reader, of, [...path, name]);
  });
  return { literal: listLiteral(found.map(({ literal }) => literal)), uploads: found.flatMap(({ uploads }) => uploads) };
}

/** `0`, or `0.csv` where the elements are files, whose names may have an extension. */
function indexOf(name: string, of: Type): number | "padded" | undefined {
  const match = /^(\d+)(\..+)?$/.exec(name);
  if (match?.[1] === undefined || (match[2] !== undefined && !membersOf(of).some((member) => member.kind === "file"))) return undefined;
  const index = Number(match[1]);
  return String(index) === match[1] && index <= MAX_ELEMENTS ? index : "padded";
}

function firstGap(entries: ReadonlyMap<number, string>): number {
  let index = 0;
  while (entries.has(index)) index++;
  return index;
}

async function readMap(reader: Reader, of: Type, path: readonly string[]): Promise<Found> {
  const names = await folderNames(reader, path);
  takeElements(reader, names.length);
  const keys = new Map<string, string>();
  for (const name of names) {
    const key = unescapeMapKey(name);
    if (name.startsWith(".")) reader.warn(`${shown([...path, name])} is ignored; a key that starts with a dot is written %2E…`);
    else if (key === undefined) throw invalid([...path, name], "the name is no map key: a % is written %25");
    else if (keys.has(key)) throw invalid([...path, name], `the key ${JSON.stringify(key)} is there twice`);
    else keys.set(key, name);
  }
  const found = await inParallel([...keys], PARALLEL_READS, async ([key, name]) => [key, await readValue(reader, of, [...path, name])] as const);
  return { literal: mapLiteral(found.map(([key, { literal }]) => [key, literal])), uploads: found.flatMap(([, { uploads }]) => uploads) };
}

async function readJson(reader: Reader, type: Type, path: readonly string[]): Promise<Found> {
  const text = decodeUtf8(await readInline(reader, path));
  if (text === undefined) throw invalid(path, "the text is not UTF-8");
  const json = parseOrFail(text, path);
  const literal = literalOf(type, json);
  if (isProblems(literal)) {
    const [first] = literal;
    const at = first === undefined || first.path.length === 0 ? "" : `${first.path.join("/")}: `;
    throw new OutputFailure(first?.code === "AmbiguousValue" ? "OutputAmbiguous" : "OutputInvalid", `output ${shown(path)}: ${at}${first?.message ?? ""}`);
  }
  return { literal, uploads: [] };
}

function parseOrFail(text: string, path: readonly string[]): ReturnType<typeof parseJson> {
  try {
    return parseJson(text);
  } catch (thrown) {
    throw invalid(path, `not JSON: ${messageOf(thrown)}`);
  }
}

async function readUri(reader: Reader, type: Type, path: readonly string[]): Promise<Found> {
  const uri = normalUri(decodeUtf8(await readInline(reader, path))?.trim() ?? "");
  const own = uri.startsWith(`${reader.rawUri}/`) && !uri.split("/").includes("..");
  const remote = !own && isBelowPrefix(uri, reader.dataPrefixes);
  if (!own && !remote) {
    const elsewhere = reader.dataPrefixes.length === 0 ? "" : `, nor below ${reader.dataPrefixes.join(", ")} (spec.dataPrefixes of the Project)`;
    throw invalid(path, `${JSON.stringify(uri.slice(0, 200))} is not below FLYTEOPS_RAW_OUTPUT_URI${elsewhere}`);
  }
  const blobs = membersOf(type).filter(isBlobType);
  const [member] = blobs;
  if (member === undefined || blobs.length > 1)
    throw new OutputFailure("OutputAmbiguous", `output ${shown(path)}: ${printType(type)} does not say what the uri is`);
  const literal = blobLiteral(member, uri);
  const reference = { output: reader.output, uri, multipart: member.kind !== "file", remote, literal };
  return { literal: type.kind === "union" ? unionLiteral(member, literal) : literal, uploads: [], references: [reference] };
}
