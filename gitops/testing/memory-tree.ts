import { createHash } from "node:crypto";
import type { RepositoryTree, TreeEntry } from "../source/repository-tree.ts";

/** What a test writes for a file: text, or a link to somewhere, or an executable. */
export type MemoryFile = string | { readonly link: string } | { readonly submodule: true } | { readonly executable: string };

const idOf = (content: string): string => createHash("sha1").update(content).digest("hex");

function fileEntry(path: string, file: MemoryFile): TreeEntry {
  if (typeof file === "string") return { path, mode: "100644", id: idOf(file), size: Buffer.byteLength(file) };
  if ("executable" in file) return { path, mode: "100755", id: idOf(file.executable), size: Buffer.byteLength(file.executable) };
  return "link" in file ? { path, mode: "120000", id: idOf(file.link), size: file.link.length } : { path, mode: "160000", id: idOf("submodule"), size: 0 };
}

/** A repository revision without git. Directory ids are digests of what lies below, as in git. */
export function memoryTree(files: Readonly<Record<string, MemoryFile>>, revision = "main@sha1:0000"): RepositoryTree & { readonly reads: string[] } {
  const entries = new Map(Object.entries(files).map(([path, file]) => [path, fileEntry(path, file)]));
  for (const path of Object.keys(files)) {
    const steps = path.split("/").slice(0, -1);
    for (let length = 1; length <= steps.length; length += 1) {
      const folder = steps.slice(0, length).join("/");
      const below = [...entries.values()].filter((entry) => entry.path.startsWith(`${folder}/`) && entry.mode !== "040000");
      entries.set(folder, { path: folder, mode: "040000", id: idOf(below.map(({ path: at, id }) => `${at} ${id}`).join("\n")), size: 0 });
    }
  }
  const reads: string[] = [];
  const content = (path: string): Buffer => {
    const file = files[path];
    return Buffer.from(typeof file === "string" ? file : file && "executable" in file ? file.executable : "");
  };
  const all = [...entries.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  return {
    revision,
    reads,
    list: (folder) => Promise.resolve(folder === "" ? all : all.filter(({ path }) => path.startsWith(`${folder}/`))),
    entry: (path) => Promise.resolve(path === "" ? { path, mode: "040000", id: idOf(all.map(({ id }) => id).join()), size: 0 } : entries.get(path)),
    read(entry) {
      reads.push(entry.path);
      return Promise.resolve(content(entry.path));
    },
    async *stream(entry) {
      await Promise.resolve();
      yield content(entry.path);
    },
  };
}
