import { chmodSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** A path that must lie in a volume does not: a container left a link, or something else is in the way. */
export class LeadsOut extends Error {}

function kindOf(path: string): "directory" | "file" | "link" | "other" | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (found.isDirectory()) return "directory";
  return found.isFile() ? "file" : found.isSymbolicLink() ? "link" : "other";
}

/**
 * Makes the directories from `root` down to `path` (both of the host), step by step: containers write in volumes, and a
 * link there must not let them choose where this program makes directories. Throws LeadsOut at a link. New ones get `mode`.
 */
export function makeInside(root: string, path: string, mode = 0o755): void {
  const below = relative(root, path);
  if (below === ".." || below.startsWith(`..${sep}`)) throw new LeadsOut(`${path} leads out of ${root}`);
  let at = root;
  for (const step of below.split(sep).filter(Boolean)) {
    at = join(at, step);
    const kind = kindOf(at);
    if (kind === "directory") continue;
    if (kind !== undefined) throw new LeadsOut(`${relative(root, at)} in the volume is a ${kind}, not a directory`);
    mkdirSync(at);
    chmodSync(at, mode);
  }
}

/** Like `makeInside` for a mount point that is a file; an existing file is left as it is. */
export function makeFileInside(root: string, path: string): void {
  makeInside(root, join(path, ".."));
  const kind = kindOf(path);
  if (kind === undefined) writeFileSync(path, "", { flag: "wx" });
  else if (kind !== "file") throw new LeadsOut(`${relative(root, path)} in the volume is a ${kind}, not a file`);
}
