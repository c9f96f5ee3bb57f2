// The files of an image, by the path they have in it. Later entries replace earlier ones of the same path.
import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * @typedef {{ type: "directory", mode: number, uid: number }
 *   | { type: "file", mode: number, uid: number, source: string }
 *   | { type: "text", mode: number, uid: number, text: string }
 *   | { type: "symlink", target: string }} Entry
 */

/** Below these a modern distribution has links into /usr; an image has the same ones, so that both spellings work. */
const MERGED = ["bin", "lib", "lib32", "lib64", "sbin"];
const merged = (path) => (MERGED.includes(path.split("/")[1] ?? "") ? `/usr${path}` : path);

export class Tree {
  /** @type {Map<string, Entry>} */
  entries = new Map();

  directory(path, { mode = 0o755, uid = 0 } = {}) {
    const at = merged(path);
    if (at !== "/" && dirname(at) !== "/") this.parent(at);
    this.entries.set(at, { type: "directory", mode, uid });
  }

  parent(path) {
    const directory = dirname(path);
    if (directory !== "/" && !this.entries.has(directory)) this.directory(directory);
  }

  text(path, text, { mode = 0o644, uid = 0 } = {}) {
    const at = merged(path);
    this.parent(at);
    this.entries.set(at, { type: "text", mode, uid, text });
  }

  symlink(path, target) {
    const at = merged(path);
    this.parent(at);
    this.entries.set(at, { type: "symlink", target });
  }

  /** One file of this machine; a symbolic link is followed. Readable by everybody, executable when it is here. */
  file(path, source = path) {
    const at = merged(path);
    this.parent(at);
    const real = realpathSync(source);
    const mode = statSync(real).mode & 0o111 ? 0o755 : 0o644;
    this.entries.set(at, { type: "file", mode, uid: 0, source: real });
  }

  /** A folder with everything in it that `wanted` (a path below it) says yes to. Symbolic links stay links. */
  folder(path, source, wanted = () => true) {
    for (const name of readdirSync(source, { recursive: true, encoding: "utf8" }).sort()) {
      const from = join(source, name);
      const found = lstatSync(from);
      if (found.isDirectory() || !wanted(name)) continue;
      if (found.isSymbolicLink()) this.symlink(join(path, name), readlinkSync(from));
      else this.file(join(path, name), from);
    }
  }

  /** Makes /bin, /lib … the links that they are on a distribution of today. */
  mergeUsr() {
    for (const name of MERGED) {
      this.directory(`/usr/${name}`);
      this.entries.set(`/${name}`, { type: "symlink", target: `usr/${name}` });
    }
  }

  /** Sorted, so that a directory comes before what it holds and every build has the same order. */
  sorted() {
    return [...this.entries].sort(([left], [right]) => (left < right ? -1 : 1));
  }
}

export const sizeOf = (entry) => (entry.type === "file" ? statSync(entry.source).size : entry.type === "text" ? Buffer.byteLength(entry.text) : 0);
export const contentOf = (entry) => (entry.type === "file" ? readFileSync(entry.source) : Buffer.from(entry.text));
