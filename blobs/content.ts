import { canonicalJson, sha256, TerminalFailure } from "../base/index.ts";
import { codeKey, fileKey, treeKey } from "./addresses.ts";
import { checkedKey } from "./key.ts";
import type { BlobStore } from "./store.ts";
import { deterministicTar } from "./tar.ts";

/** One file of a directory of a repository. `path` is relative to that directory; `mode` is git's (`100644`, `100755`). */
export interface TreeFile {
  readonly path: string;
  readonly mode: string;
  readonly bytes: Uint8Array;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Content with its address. `objects` in the order they must be written: the last one proves that all are there. */
export interface Content {
  /** `sha256:…` */
  readonly digest: string;
  /** The key of a file or code bundle, the prefix of a directory. */
  readonly key: string;
  readonly objects: readonly StoredObject[];
  /** How many files a directory has. */
  readonly files?: number;
}

function sorted(files: readonly TreeFile[]): TreeFile[] {
  const seen = new Set<string>();
  for (const { path, mode } of files) {
    checkedKey(path);
    if (seen.has(path)) throw new TerminalFailure("DuplicatePath", `${path} is there twice`);
    if (mode !== "100644" && mode !== "100755") throw new TerminalFailure("NotAFile", `${path} is a link or a submodule; only regular files can be stored`);
    seen.add(path);
  }
  return [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** The address of one file; its name is part of the key, so that it survives. Throws BlobError InvalidKey for a name no store can hold. */
export function fileContent(path: string, bytes: Uint8Array): Content {
  const digest = sha256(bytes);
  const key = checkedKey(fileKey(digest, path.split("/").at(-1) ?? ""));
  return { digest, key, objects: [{ key, bytes }] };
}

/** The address of a directory: the digest of the sorted list of (path, size, digest). Modes do not count. */
export function treeContent(files: readonly TreeFile[]): Content {
  const entries = sorted(files).map(({ path, bytes }) => ({ path, bytes, size: bytes.length, digest: sha256(bytes) }));
  const listing = canonicalJson(entries.map(({ path, size, digest }) => ({ path, size, digest })));
  const digest = sha256(listing);
  const key = treeKey(digest);
  const objects = entries.map(({ path, bytes }) => ({ key: `${key}/${path}`, bytes }));
  return { digest, key, objects: [...objects, { key: `${key}.json`, bytes: Buffer.from(listing) }], files: entries.length };
}

/** A code bundle: one tar whose bytes depend on paths, contents and the executable bit only. Its digest is that of the tar. */
export async function codeContent(files: readonly TreeFile[]): Promise<Content> {
  const bytes = await deterministicTar(sorted(files).map(({ path, mode, bytes: content }) => ({ path, executable: mode === "100755", bytes: content })));
  const digest = sha256(bytes);
  return { digest, key: codeKey(digest), objects: [{ key: codeKey(digest), bytes }], files: files.length };
}

/** Writes what is not there yet. Safe to repeat and to interrupt. */
export async function storeContent(store: BlobStore, content: Content): Promise<void> {
  const proof = content.objects.at(-1);
  if (proof === undefined || (await store.stat(proof.key)) !== undefined) return;
  for (const object of content.objects) await store.write(object.key, object.bytes);
}
