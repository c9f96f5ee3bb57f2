// Programs of this machine and the shared libraries they load.
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, join } from "node:path";

const PLACES = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];

/** The path of a program; an error that says what is missing when there is none. */
export function findProgram(name) {
  const path = PLACES.map((place) => join(place, name)).find((candidate) => existsSync(candidate));
  if (!path) throw new Error(`${name} is not installed on this machine, and the image needs it`);
  return path;
}

/** What the loader finds for a program or a shared library: paths of this machine. Empty for scripts and static programs. */
function librariesOf(path) {
  const { stdout, status, stderr } = spawnSync("ldd", [path], { encoding: "utf8" });
  if (status !== 0) {
    if (/not a dynamic executable|statically linked/.test(stdout + stderr)) return [];
    throw new Error(`ldd ${path}: ${stderr.trim()}`);
  }
  const missing = /^\s*(\S+) => not found/m.exec(stdout);
  if (missing) throw new Error(`${path} needs ${missing[1]}, which is not installed`);
  return [...stdout.matchAll(/(?:=>\s*)?(\/\S+) \(0x/g)].map(([, library]) => library);
}

/** Where a library lies in an image: where it lies here when that is a place that loaders look into, else with the others. */
const libraryPath = (library) => (/^(\/usr)?\/lib/.test(library) ? library : join("/usr/lib", basename(library)));

/** Puts a program or an addon into the tree, with its libraries. */
export function addProgram(tree, path, source) {
  tree.file(path, source);
  addLibraries(tree, source);
}

/** Those that lie in `except`, a real path, are in the tree already. */
export function addLibraries(tree, source, except) {
  for (const library of librariesOf(realpathSync(source)))
    if (!except || !realpathSync(library).startsWith(`${except}/`)) tree.file(libraryPath(library), library);
}
