import { constants, createWriteStream, lstatSync, mkdirSync, openSync } from "node:fs";
import type { Writable } from "node:stream";
import { join } from "node:path";
import { UserError } from "./context.ts";

/** A directory that is only ever written below: names come from runs, and links in it are not followed. */
export interface SafeDirectory {
  /** Makes a directory below; [] is the directory itself. Answers its path. UserError at a name that is none, or a link in the way. */
  folder(path: readonly string[]): string;
  /** A new file, or a file in place of the one that was there. */
  file(path: readonly string[]): { readonly path: string; readonly stream: Writable };
}

function checkedName(name: string): string {
  if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) throw new UserError(`${JSON.stringify(name)} is no name for a file`);
  return name;
}

export function safeDirectory(root: string): SafeDirectory {
  mkdirSync(root, { recursive: true });
  const folder = (path: readonly string[]): string => {
    let at = root;
    for (const name of path) {
      at = join(at, checkedName(name));
      const found = lstatSync(at, { throwIfNoEntry: false });
      if (!found) mkdirSync(at);
      else if (!found.isDirectory()) throw new UserError(`${at} is in the way: it is no directory`);
    }
    return at;
  };
  return {
    folder,
    file(path) {
      const at = join(folder(path.slice(0, -1)), checkedName(path.at(-1) ?? ""));
      const found = lstatSync(at, { throwIfNoEntry: false });
      if (found && !found.isFile()) throw new UserError(`${at} is in the way: it is no regular file`);
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
      return { path: at, stream: createWriteStream(at, { fd: openSync(at, flags, 0o644) }) };
    },
  };
}
