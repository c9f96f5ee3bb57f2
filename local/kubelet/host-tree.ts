import { type Dirent, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { HostEntry, HostTree } from "./root-plan.ts";

/** This machine's directories, read anew at each question. */
export const hostTree: HostTree = {
  entries(path) {
    try {
      return readdirSync(path, { withFileTypes: true }).map((entry) => hostEntry(path, entry));
    } catch {
      return undefined; // not a directory, or not ours to read: nothing of it can be shown
    }
  },
  kind(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return undefined;
    return stat.isDirectory() ? "directory" : "file";
  },
  resolve: (path) => realpathSync(path),
};

function hostEntry(directory: string, entry: Dirent): HostEntry {
  if (entry.isSymbolicLink()) return { name: entry.name, kind: "link", target: readlinkSync(join(directory, entry.name)) };
  return { name: entry.name, kind: entry.isDirectory() ? "directory" : "file" };
}
