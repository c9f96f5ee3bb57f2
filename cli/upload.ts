import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { JsonObject } from "../base/index.ts";
import { type BlobStore, CHUNK_BYTES, fileKey, storeContent, treeContent, type TreeFile } from "../blobs/index.ts";
import { EXIT, UserError } from "./context.ts";

/** Files of one directory input; a home directory given by mistake should not be uploaded. */
const MAX_FILES = 10_000;

/** Every regular file below `directory`; links are refused, because what they lead to is not what was named. */
export async function filesBelow(directory: string, inside = ""): Promise<TreeFile[]> {
  const files: TreeFile[] = [];
  for (const entry of (await readdir(join(directory, inside), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(directory, path)));
    else if (!entry.isFile()) throw new UserError(`${join(directory, path)} is a link or a device; only regular files can be uploaded`);
    else {
      const { mode } = await lstat(join(directory, path));
      files.push({ path, mode: mode & 0o100 ? "100755" : "100644", bytes: await readFile(join(directory, path)) });
    }
    if (files.length > MAX_FILES) throw new UserError(`${directory} holds more than ${MAX_FILES} files`);
  }
  return files;
}

/** Puts a local file or directory into the object store, by content. Answers the input that names it: `{file, digest}` or `{directory, digest}`. */
export async function uploadPath(store: BlobStore, path: string, name: string, kind: "file" | "directory"): Promise<JsonObject> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) throw new UserError(`no such file: ${path}`, { exitCode: EXIT.usage });
  if (kind === "file" && !found.isFile()) throw new UserError(`${path} is not a regular file`, { exitCode: EXIT.usage });
  if (kind === "directory" && !found.isDirectory()) throw new UserError(`${path} is not a directory`, { exitCode: EXIT.usage });
  if (kind === "file") return { file: name, digest: await uploadFile(store, path, name) };
  const content = treeContent(await filesBelow(path));
  await storeContent(store, content);
  return { directory: name, digest: content.digest };
}

/** A file of any size: read once for its digest, and, where the store does not have it, once more for its bytes. */
async function uploadFile(store: BlobStore, path: string, name: string): Promise<string> {
  const bytes = () => createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const hash = createHash("sha256");
  for await (const chunk of bytes()) hash.update(chunk as Buffer);
  const digest = `sha256:${hash.digest("hex")}`;
  const key = fileKey(digest, basename(name));
  if ((await store.stat(key)) === undefined) await store.write(key, checkedBytes(bytes(), digest, path));
  return digest;
}

/** The same bytes; fails where they are no longer those of the digest, before anything is kept under it. */
async function* checkedBytes(bytes: AsyncIterable<Uint8Array>, digest: string, path: string): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (`sha256:${hash.digest("hex")}` !== digest) throw new UserError(`${path} changed while it was uploaded`);
}
