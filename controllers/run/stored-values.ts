import { type BlobStore, type BlobStat, fileKey, treeKey } from "../../blobs/index.ts";
import type { TaskAction } from "../../crds/index.ts";
import { fromBinary, type Literal, type LiteralMap, LiteralMapSchema } from "../../proto/index.ts";
import { type BlobFacts, blobLiteral, blobOf, loadLiteral, mapLiteral, membersOf, printType, type Type, unionLiteral } from "../../values/index.ts";
import { boundedCache } from "./bounded-cache.ts";
import { DataFailure } from "./failures.ts";

/** Largest outputs.pb: everything bigger in it lies beside it. */
const OUTPUTS_MAX_BYTES = 64 * 1024 * 1024;
/** Largest value that an expression, an attribute path or a map is given. */
const VALUE_MAX_BYTES = 256 * 1024 * 1024;
const CACHE_BYTES = 64 * 1024 * 1024;
const MAX_ITEMS = 1_000_000;

/** Reads what runs have stored; files are never opened. Small things read twice are read once. */
export interface StoredValues {
  /** The LiteralMap at a key. */
  map(key: string): Promise<LiteralMap>;
  outputs(action: TaskAction): Promise<LiteralMap>;
  /** The value with every reference in it followed. */
  whole(literal: Literal): Promise<Literal>;
  read(uri: string): Promise<Uint8Array>;
  /** The files of a directory as a map by relative path. */
  filesOf(directory: Literal): Promise<Literal>;
}

type BlobMember = Extract<Type, { readonly kind: "file" | "directory" | "dataset" }>;

/** A file or directory of a repository, as a value of the type. */
export function contentLiteral(
  blobs: BlobStore,
  type: Type,
  content: { readonly digest: string; readonly path: string; readonly directory: boolean },
): Literal {
  const kinds = content.directory ? ["directory", "dataset"] : ["file", "dataset"];
  const member = membersOf(type).find((candidate): candidate is BlobMember => kinds.includes(candidate.kind));
  if (!member) throw new DataFailure("TypeMismatch", `${content.path} is a ${content.directory ? "directory" : "file"}, needed is ${printType(type)}`);
  if (content.digest === "")
    throw new DataFailure(
      "UnresolvedFile",
      `${content.path} has no digest: only a sync can take files from the repository; otherwise run with flyteops run -i x=@${content.path}`,
    );
  const name = content.path.replace(/\/+$/, "").split("/").pop() ?? content.path;
  // A dataset is a prefix: the one file of it lies under its digest.
  const file = member.kind === "dataset" ? `files/${content.digest.replace(/^sha256:/, "")}` : fileKey(content.digest, name);
  const facts: BlobFacts = { digest: content.digest };
  const literal = blobLiteral(member, blobs.uri(content.directory ? treeKey(content.digest) : file), facts);
  return type.kind === "union" ? unionLiteral(member, literal) : literal;
}

export function storedValues(blobs: BlobStore): StoredValues {
  const maps = boundedCache<LiteralMap>(CACHE_BYTES);

  function keyOf(uri: string): string {
    const key = blobs.keyOf(uri);
    if (key === undefined) throw new DataFailure("ForeignUri", `${uri} lies outside the object store`, "SYSTEM");
    return key;
  }

  async function map(key: string): Promise<LiteralMap> {
    const known = maps.get(key);
    if (known) return known;
    const bytes = await blobs.read(key, OUTPUTS_MAX_BYTES);
    const read = fromBinary(LiteralMapSchema, bytes);
    maps.set(key, read, bytes.length);
    return read;
  }

  const read = (uri: string): Promise<Uint8Array> => blobs.read(keyOf(uri), VALUE_MAX_BYTES);

  return {
    map,
    async outputs(action) {
      const uri = action.status?.outputs?.uri;
      if (uri === undefined) throw new DataFailure("OutputMissing", `${action.spec.node} has recorded no outputs`, "SYSTEM");
      return map(keyOf(uri.endsWith(".pb") ? uri : `${uri}/outputs.pb`));
    },
    read,
    whole: (literal) => loadLiteral(literal, read),
    async filesOf(directory) {
      const uri = blobOf(directory)?.uri;
      if (uri === undefined) throw new DataFailure("TypeMismatch", "map over a directory: the value is no directory");
      const prefix = keyOf(uri);
      const files: BlobStat[] = [];
      for await (const stat of blobs.list(prefix)) {
        files.push(stat);
        if (files.length > MAX_ITEMS) throw new DataFailure("MapTooLarge", `the directory has more than ${MAX_ITEMS} files`);
      }
      return mapLiteral(files.map(({ key }) => [key.slice(prefix.length + 1), blobLiteral({ kind: "file" }, blobs.uri(key))] as const));
    },
  };
}
