import { TerminalFailure } from "../../base/index.ts";
import { LIMITS } from "../parse/limits.ts";
import { type ParsedFile, parseFile } from "../parse/parse-file.ts";
import { isFile, isLink, type RepositoryTree, type TreeEntry } from "../source/repository-tree.ts";
import type { CheckOptions } from "./check-result.ts";
import { globMatcher } from "./globs.ts";
import { resolvePath } from "./repository-path.ts";

export const DEFAULT_INCLUDE = ["**/*.yaml", "**/*.yml"] as const;

/** The folder that is followed, normalised; "" is the root. Throws PathInvalid (terminal). */
export function followedFolder(path: string | undefined): string {
  if (path === undefined || path === "" || path === "." || path === "/" || path === "./") return "";
  const resolved = resolvePath("", path);
  if ("problem" in resolved) throw new TerminalFailure("PathInvalid", `spec.path: ${resolved.problem}`);
  return resolved.path;
}

/** YAML files below the followed folder, and links among them. Names that begin with a dot are left out. Throws PathNotFound, TooManyFiles (terminal). */
export async function manifestFiles(tree: RepositoryTree, options: CheckOptions): Promise<readonly TreeEntry[]> {
  const folder = followedFolder(options.path);
  const entries = await tree.list(folder);
  if (entries.length === 0 && folder !== "") throw new TerminalFailure("PathNotFound", `there is no directory ${folder} in ${tree.revision}`);
  const included = globMatcher(options.include ?? DEFAULT_INCLUDE);
  const prefix = folder === "" ? 0 : folder.length + 1;
  const found = entries.filter((entry) => {
    const path = entry.path.slice(prefix);
    return (isFile(entry) || isLink(entry)) && !/(^|\/)\./.test(path) && included(path);
  });
  if (found.length <= LIMITS.files) return found;
  throw new TerminalFailure("TooManyFiles", `${found.length} YAML files; at most ${LIMITS.files} are followed: name a smaller path`);
}

const OURS = Buffer.from("flyte.org/");

/** Whether a file of any size holds our group's name; read in pieces, up to a limit that keeps this short. */
async function mentionsUs(tree: RepositoryTree, entry: TreeEntry): Promise<boolean> {
  if (entry.size > 64 * LIMITS.fileBytes) return true;
  let rest = Buffer.alloc(0);
  for await (const chunk of tree.stream(entry)) {
    const text = Buffer.concat([rest, chunk]);
    if (text.includes(OURS)) return true;
    rest = text.subarray(Math.max(0, text.length - OURS.length));
  }
  return false;
}

async function tooLarge(tree: RepositoryTree, entry: TreeEntry): Promise<ParsedFile> {
  if (!(await mentionsUs(tree, entry))) return { documents: [], problems: [], ignored: 1, broken: false };
  const message = `the file has ${entry.size} bytes; a manifest may have ${LIMITS.fileBytes}. Data belongs in files of another name, or in a folder that spec.include leaves out`;
  return { documents: [], problems: [{ code: "FileTooLarge", message, position: { line: 1, column: 1 } }], ignored: 0, broken: true };
}

function link(entry: TreeEntry): ParsedFile {
  const message = `${entry.path} is a symbolic link; links are not followed: put the file itself here`;
  return { documents: [], problems: [{ code: "LinkNotAllowed", message, position: { line: 1, column: 1 } }], ignored: 0, broken: true };
}

/** Reads one manifest file, whatever it holds. */
export async function readManifest(tree: RepositoryTree, entry: TreeEntry): Promise<ParsedFile> {
  if (isLink(entry)) return link(entry);
  if (entry.size > LIMITS.fileBytes) return tooLarge(tree, entry);
  return parseFile(await tree.read(entry, LIMITS.fileBytes));
}
