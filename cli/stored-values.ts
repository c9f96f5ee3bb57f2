import { basename, extname } from "node:path";
import { pipeline } from "node:stream/promises";
import { inParallel, type Json, stringifyJson } from "../base/index.ts";
import { type BlobStore, BlobError } from "../blobs/index.ts";
import { fromBinary, type Literal, LiteralMapSchema } from "../proto/index.ts";
import { blobOf, decodeLiteral, escapeMapKey, literalText, unwrap } from "../values/index.ts";
import { UserError } from "./context.ts";
import { type SafeDirectory, safeDirectory } from "./safe-directory.ts";
import { literalJson } from "./views/literal-json.ts";

/** A map of outputs is small: what is large in it is stored beside it. */
const OUTPUTS_MAX_BYTES = 32 * 1024 * 1024;
const PARALLEL_FILES = 16;
const VALUE_MAX_BYTES = 256 * 1024 * 1024;

function keyIn(store: BlobStore, uri: string): string {
  const key = store.keyOf(uri);
  if (key === undefined) throw new UserError(`${uri} lies outside the object store ${store.root}`);
  return key;
}

/** A literal that was stored beside the map, in its place. */
async function resolved(store: BlobStore, literal: Literal): Promise<Literal> {
  if (literal.value.case !== "offloadedMetadata") return literal;
  return decodeLiteral(await store.read(keyIn(store, literal.value.value.uri), VALUE_MAX_BYTES));
}

/** The literals of an `outputs.pb` (or a prefix that holds one), by name. */
export async function readOutputs(store: BlobStore, uri: string): Promise<ReadonlyMap<string, Literal>> {
  const key = keyIn(store, uri.endsWith(".pb") ? uri : `${uri}/outputs.pb`);
  const bytes = await store.read(key, OUTPUTS_MAX_BYTES).catch((thrown: unknown) => {
    if (thrown instanceof BlobError && thrown.code === "BlobNotFound") throw new UserError(`the outputs at ${uri} are no longer stored`, { cause: thrown });
    throw thrown;
  });
  const map = fromBinary(LiteralMapSchema, bytes);
  const entries = Object.entries(map.literals).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(await Promise.all(entries.map(async ([name, literal]): Promise<[string, Literal]> => [name, await resolved(store, literal)])));
}

/** Values as JSON: files and directories as their URIs. */
export function outputsJson(outputs: ReadonlyMap<string, Literal>): Record<string, Json> {
  return Object.fromEntries([...outputs].map(([name, literal]) => [name, literalJson(literal)]));
}

async function downloadBlob(store: BlobStore, uri: string, target: SafeDirectory, path: readonly string[], multipart: boolean): Promise<string[]> {
  const key = keyIn(store, uri);
  if (!multipart) {
    const file = target.file(path);
    await pipeline(store.readStream(key), file.stream);
    return [file.path];
  }
  const folder = target.folder(path);
  await inParallel(store.list(key), PARALLEL_FILES, ({ key: part }) =>
    downloadBlob(store, store.uri(part), target, [...path, ...part.slice(key.length + 1).split("/")], false),
  );
  return [folder];
}

/** `plot` with the format of its type as ending, or the ending it was stored with. */
function fileName(name: string, literal: Literal): string {
  const blob = blobOf(literal);
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  const format = scalar?.case === "blob" ? (scalar.value.metadata?.type?.format ?? "") : "";
  if (/^[A-Za-z0-9]{1,12}$/.test(format)) return `${name}.${format}`;
  const stored = blob ? extname(basename(blob.uri)) : "";
  return extname(name) === "" ? `${name}${stored}` : name;
}

/** Data that lies elsewhere stays there: `<var>.uri` says where, as it does for a task. */
async function remoteNote(uri: string, target: SafeDirectory, path: readonly string[]): Promise<string[]> {
  const file = target.file([...path.slice(0, -1), `${path.at(-1) ?? ""}.uri`]);
  await pipeline([`${uri}\n`], file.stream);
  return [file.path];
}

async function downloadLiteral(store: BlobStore, literal: Literal, target: SafeDirectory, path: readonly string[]): Promise<string[]> {
  const inner = unwrap(literal);
  if (inner.value.case === "collection") {
    const parts = inner.value.value.literals.map((item, index) => downloadLiteral(store, item, target, [...path, String(index)]));
    return (await Promise.all(parts)).flat();
  }
  if (inner.value.case === "map") {
    const parts = Object.entries(inner.value.value.literals).map(([key, item]) => downloadLiteral(store, item, target, [...path, escapeMapKey(key)]));
    return (await Promise.all(parts)).flat();
  }
  const blob = blobOf(inner);
  if (blob && store.keyOf(blob.uri) === undefined) return remoteNote(blob.uri, target, path);
  if (blob) return downloadBlob(store, blob.uri, target, [...path.slice(0, -1), fileName(path.at(-1) ?? "", inner)], blob.multipart);
  const file = target.file(path);
  await pipeline([literalText(inner) ?? stringifyJson(literalJson(inner))], file.stream);
  return [file.path];
}

/** Writes every output below `directory`: files with an ending, the URI of data that lies elsewhere, other values as text, lists and maps as directories. Answers the paths. UserError where a link or a strange name would lead elsewhere. */
export async function downloadOutputs(store: BlobStore, outputs: ReadonlyMap<string, Literal>, directory: string): Promise<string[]> {
  const written: string[] = [];
  const target = safeDirectory(directory);
  for (const [name, literal] of outputs) written.push(...(await downloadLiteral(store, literal, target, [name])));
  return written;
}
