import { createHash } from "node:crypto";
import { type BlobStore, filesOfTar, type RemoteData, RemoteDataError } from "../blobs/index.ts";
import { inParallel, stringifyJson } from "../base/index.ts";
import { fromBinary, type Literal, LiteralMapSchema } from "../proto/index.ts";
import {
  acceptsNone,
  decodeLiteral,
  encodeLiteralMap,
  inputEntries,
  type InputEntry,
  inputsJson,
  loadLiteral,
  mapKeys,
  nameOfUri,
  noneLiteral,
  offloadedUri,
  printType,
  unwrap,
} from "../values/index.ts";
import type { DownloadArguments } from "./args.ts";
import { dataFailure } from "./failure.ts";
import { localFiles, type LocalFiles } from "./local-files.ts";
import { retrying, type RetryDeps } from "./retry.ts";

const PARALLEL_FILES = 16;
const MAX_INPUTS_BYTES = 256 * 1024 * 1024;
const MAX_LITERAL_BYTES = 512 * 1024 * 1024;
const CODE_LIMITS = { maxFiles: 100_000, maxBytes: 4 * 1024 * 1024 * 1024 };

type Literals = { readonly [name: string]: Literal };

/** Where a copilot reads. */
export interface Places {
  readonly store: BlobStore;
  readonly remote: RemoteData;
}

/** Reads from the store, again and again while it is away; ends when the signal aborts. Only files may also lie below the data prefixes. */
interface Source {
  key(uri: string): string;
  read(uri: string, maxBytes: number): Promise<Buffer>;
  /** Runs `use` with the bytes of a file, anew from the first byte after a failure that may pass. */
  stream<T>(uri: string, use: (bytes: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T>;
  /** The files below a directory; one that was itself asked for has "" as its path. */
  objects(uri: string): Promise<readonly { readonly uri: string; readonly below: string }[]>;
}

function sourceOf({ store, remote }: Places, deps: RetryDeps, signal: AbortSignal): Source {
  const outside = (uri: string) => dataFailure("InputOutsideStore", `${uri} lies neither in the object store ${store.root} nor below a data prefix`);
  const key = (uri: string) => {
    const found = store.keyOf(uri);
    if (found === undefined) throw dataFailure("InputOutsideStore", `${uri} does not lie in the object store ${store.root}`);
    return found;
  };
  const bytesOf = (uri: string) => {
    const found = store.keyOf(uri);
    if (found !== undefined) return store.readStream(found);
    if (!remote.covers(uri)) throw outside(uri);
    return remote.readStream(uri);
  };
  const objectsOf = async (uri: string) => {
    const found = store.keyOf(uri);
    if (found !== undefined) return stored(store, found);
    if (!remote.covers(uri)) throw outside(uri);
    const files = await remote.files(uri);
    if (files === undefined) throw new RemoteDataError("DataNotFound", `there is nothing at ${uri}`);
    return files;
  };
  return {
    key,
    read: (uri, maxBytes) => retrying(deps, signal, () => store.read(key(uri), maxBytes)),
    stream: (uri, use) => retrying(deps, signal, () => use(watched(bytesOf(uri), signal))),
    objects: (uri) => retrying(deps, signal, () => objectsOf(uri)),
  };
}

async function stored(store: BlobStore, key: string): Promise<{ uri: string; below: string }[]> {
  const objects: { uri: string; below: string }[] = [];
  for await (const object of store.list(key)) objects.push({ uri: store.uri(object.key), below: object.key.slice(key.length + 1) });
  if (objects.length === 0 && (await store.stat(key)) !== undefined) objects.push({ uri: store.uri(key), below: "" });
  return objects;
}

async function* watched(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk;
  }
}

/** Lays out the inputs of one attempt (and its code). Safe to repeat over what an earlier, interrupted call left. */
export async function download(args: DownloadArguments, places: Places, deps: RetryDeps, signal: AbortSignal): Promise<void> {
  const source = sourceOf(places, deps, signal);
  const literals = await inputLiterals(args, source);
  const files = localFiles(args.to);
  await files.folder([]);
  await inParallel(placements(inputEntries(args.parameters, literals, args.layout), source), PARALLEL_FILES, (one) => place(one, files, source));
  await files.write(["inputs.pb"], encodeLiteralMap(literals));
  const json = inputsJson(args.parameters, literals, { directory: args.to, layout: args.layout });
  if (args.format === "YAML") await files.write(["inputs.yaml"], await yamlOf(json));
  else await files.write(["inputs.json"], `${stringifyJson(json, 2)}\n`);
  if (args.code !== undefined) await extractCode(args.code, source);
}

/** Every string is quoted, so that no YAML parser, old or new, takes one for a number or a boolean. */
async function yamlOf(json: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(json, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "QUOTE_DOUBLE", lineWidth: 0 });
}

async function inputLiterals(args: DownloadArguments, source: Source): Promise<Literals> {
  const map = fromBinary(LiteralMapSchema, await source.read(args.inputs, MAX_INPUTS_BYTES));
  const read = (uri: string) => source.read(uri, MAX_LITERAL_BYTES);
  const entries = await inParallel(args.parameters, PARALLEL_FILES, async ({ name, type }): Promise<[string, Literal]> => {
    const bound = Object.hasOwn(map.literals, name) ? map.literals[name] : undefined;
    const literal = bound !== undefined && args.item?.over.includes(name) ? await itemOf(bound, args.item.index, name, read) : bound;
    if (literal !== undefined) return [name, await loadLiteral(literal, read)];
    if (!acceptsNone(type)) throw dataFailure("InputMissing", `the input ${name} (${printType(type)}) is not in ${args.inputs}`);
    return [name, noneLiteral()];
  });
  return Object.fromEntries(entries);
}

/** The element of a list, or of a map in key order. Only the list itself is loaded, not its other elements. */
async function itemOf(literal: Literal, index: number, name: string, read: (uri: string) => Promise<Uint8Array>): Promise<Literal> {
  const uri = offloadedUri(literal);
  const { value } = unwrap(uri === undefined ? literal : decodeLiteral(await read(uri)));
  const elements =
    value.case === "collection" ? value.value.literals : value.case === "map" ? mapKeys(value.value.literals).map((key) => value.value.literals[key]) : [];
  const element = elements[index];
  if (element === undefined) throw dataFailure("InputMissing", `the input ${name} has no item ${index}`);
  return element;
}

/** One file, folder or text to write; trees are listed and become files. */
type Placement = Exclude<InputEntry, { kind: "tree" | "file" }> | { readonly kind: "object"; readonly path: readonly string[]; readonly uri: string };

async function* placements(entries: Iterable<InputEntry>, source: Source): AsyncGenerator<Placement> {
  for (const entry of entries) {
    if (entry.kind === "file") yield { kind: "object", path: entry.path, uri: entry.uri };
    else if (entry.kind === "tree") yield* treePlacements(entry, source);
    else yield entry;
  }
}

async function* treePlacements(tree: Extract<InputEntry, { kind: "tree" }>, source: Source): AsyncGenerator<Placement> {
  yield { kind: "folder", path: tree.path };
  const objects = await source.objects(tree.uri);
  if (objects.length === 1 && objects[0]?.below === "" && tree.files === undefined) {
    yield { kind: "object", path: [...tree.path, nameOfUri(tree.uri)], uri: tree.uri };
    return;
  }
  if (tree.files !== undefined && tree.files !== objects.length) {
    throw dataFailure("InputIncomplete", `the input ${tree.path.join("/")} has ${objects.length} of its ${tree.files} files at ${tree.uri}`);
  }
  for (const { uri, below } of objects) yield { kind: "object", path: [...tree.path, ...below.split("/")], uri };
}

async function place(placement: Placement, files: LocalFiles, source: Source): Promise<void> {
  if (placement.kind === "folder") return files.folder(placement.path);
  if (placement.kind === "text") return files.write(placement.path, placement.data);
  await source.stream(placement.uri, (bytes) => files.write(placement.path, bytes));
}

/** Unpacks a code bundle: read-only files, the executable bit kept. The bytes must be those its name promises. */
async function extractCode(code: { readonly uri: string; readonly to: string }, source: Source): Promise<void> {
  const files = localFiles(code.to);
  const key = source.key(code.uri);
  await files.folder([]);
  const digest = await source.stream(code.uri, async (bytes) => {
    const hash = createHash("sha256");
    for await (const { path, executable, content } of filesOfTar(hashed(bytes, hash), CODE_LIMITS)) {
      await files.write(path.split("/"), content, executable ? 0o555 : 0o444);
    }
    return hash.digest("hex");
  });
  const promised = /([0-9a-f]{64})\.tar$/.exec(key)?.[1];
  if (promised !== undefined && promised !== digest) throw dataFailure("BadCodeBundle", `${code.uri} does not hold the bytes its name promises`);
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}
