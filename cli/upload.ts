import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../base/index.ts";
import { type BlobStore, fileContent, storeContent, treeContent, type TreeFile } from "../blobs/index.ts";
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
  const content = kind === "file" ? fileContent(name, await readFile(path)) : treeContent(await filesBelow(path));
  await storeContent(store, content);
  return { [kind]: name, digest: content.digest };
}
