import { createHash } from "node:crypto";
import { BlobError, type BlobStore } from "../blobs/index.ts";
import { canonicalJson, inParallel, sha256 } from "../base/index.ts";
import { OutputFailure, type OutputUpload } from "../values/index.ts";
import { bytesOf } from "./local-files.ts";
import { retrying, type RetryDeps } from "./retry.ts";
import type { SafeTree } from "./safe-tree.ts";

const PARALLEL_FILES = 16;

/** What was stored, all uploads together. */
export interface Stored {
  readonly files: number;
  readonly bytes: number;
}

interface StoredFile {
  readonly upload: number;
  /** Below the folder; "" for a single file. */
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

/** Stores files and folders, and fills digest and number of files into the literals that stand for them. */
export async function storeUploads(uploads: readonly OutputUpload[], tree: SafeTree, store: BlobStore, deps: RetryDeps, signal: AbortSignal): Promise<Stored> {
  const stored = await inParallel(filesOf(uploads, tree), PARALLEL_FILES, ({ upload, path, below, uri }) =>
    retrying(deps, signal, async () => ({ upload, path: below, ...(await storeFile(tree, path, store, uri, signal)) })),
  );
  const perUpload = uploads.map((): StoredFile[] => []);
  for (const file of stored) perUpload[file.upload]?.push(file);
  for (const [index, upload] of uploads.entries()) describe(upload, perUpload[index] ?? []);
  return { files: stored.length, bytes: stored.reduce((sum, file) => sum + file.size, 0) };
}

async function* filesOf(
  uploads: readonly OutputUpload[],
  tree: SafeTree,
): AsyncGenerator<{ upload: number; path: readonly string[]; below: string; uri: string }> {
  for (const [index, { path, kind, uri }] of uploads.entries()) {
    if (kind === "file") yield { upload: index, path, below: "", uri };
    else {
      for await (const file of tree.walk(path)) {
        const below = file.slice(path.length).join("/");
        yield { upload: index, path: file, below, uri: `${uri}/${below}` };
      }
    }
  }
}

async function storeFile(
  tree: SafeTree,
  path: readonly string[],
  store: BlobStore,
  uri: string,
  signal: AbortSignal,
): Promise<{ size: number; digest: string }> {
  const key = store.keyOf(uri);
  if (key === undefined) throw unstorable(path);
  const { file } = await tree.openFile(path);
  try {
    const hash = createHash("sha256");
    let size = 0;
    const counted = async function* () {
      for await (const chunk of bytesOf(file)) {
        signal.throwIfAborted();
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    };
    await store.write(key, counted());
    return { size, digest: `sha256:${hash.digest("hex")}` };
  } catch (thrown) {
    throw thrown instanceof BlobError && thrown.code === "InvalidKey" ? unstorable(path) : thrown;
  } finally {
    await file.close();
  }
}

function unstorable(path: readonly string[]): OutputFailure {
  return new OutputFailure("OutputInvalid", `output ${path.join("/")}: this name cannot be kept in the object store (a backslash, or too long)`);
}

/** The same directory has the same digest wherever it lies: that of its sorted listing, as for directories of a repository. */
function describe(upload: OutputUpload, files: readonly StoredFile[]): void {
  const [only] = files;
  if (upload.kind === "file") upload.literal.hash = only?.digest ?? "";
  else {
    const listing = files.map(({ path, size, digest }) => ({ path, size, digest })).sort((left, right) => (left.path < right.path ? -1 : 1));
    upload.literal.hash = sha256(canonicalJson(listing));
    upload.literal.metadata["files"] = String(files.length);
  }
}
