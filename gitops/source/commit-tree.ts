import { RetryableFailure, TerminalFailure } from "../../base/index.ts";
import { type CommandDeps, gitBytes, gitStream } from "./git-command.ts";
import type { ObjectReader } from "./object-reader.ts";
import { isFile, type RepositoryTree, type TreeEntry } from "./repository-tree.ts";

const MAX_ENTRIES = 500_000;
const MAX_LISTING_BYTES = 128 * 1024 * 1024;
const LIST_TIMEOUT_MS = 60_000;

export interface CommitTreeDeps extends CommandDeps {
  /** The bare repository. */
  readonly directory: string;
  readonly reader: ObjectReader;
}

/** Parses `git ls-tree -z -l`: `<mode> <type> <id> <size>\t<path>\0`. */
export function parseListing(listing: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (const line of listing.toString("utf8").split("\0")) {
    const match = /^([0-7]{6}) \w+ ([0-9a-f]+) +([0-9]+|-)\t([^]+)$/.exec(line);
    if (match) entries.push({ mode: match[1] ?? "", id: match[2] ?? "", size: match[3] === "-" ? 0 : Number(match[3]), path: match[4] ?? "" });
  }
  return entries.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** The files of one commit, straight from git objects: there is no checkout that a link could point out of. */
export function commitTree(deps: CommitTreeDeps, commit: string, revision: string): RepositoryTree {
  const folders = new Map<string, Promise<readonly TreeEntry[]>>();
  const single = new Map<string, Promise<TreeEntry | undefined>>();
  const lsTree = async (flags: readonly string[], path: string): Promise<TreeEntry[]> => {
    const args = ["ls-tree", ...flags, "-z", "-l", "--full-tree", commit, ...(path === "" ? [] : ["--", path])];
    const entries = parseListing(await gitBytes(deps, deps.directory, args, MAX_LISTING_BYTES, { timeoutMs: LIST_TIMEOUT_MS }));
    if (entries.length > MAX_ENTRIES)
      throw new RetryableFailure("RepositoryTooLarge", `${path || "the repository"} holds more than ${MAX_ENTRIES} files; name a smaller spec.path`);
    return entries;
  };
  const list = (folder: string): Promise<readonly TreeEntry[]> => {
    const known =
      folders.get(folder) ??
      lsTree(["-r", "-t"], folder).then((entries) =>
        entries.filter((entry) => entry.path !== folder && (folder === "" || entry.path.startsWith(`${folder}/`))),
      );
    folders.set(folder, known);
    return known;
  };
  const find = async (path: string): Promise<TreeEntry | undefined> => {
    if (path === "") return { path: "", mode: "040000", id: await rootTree(deps.reader, commit), size: 0 };
    // Git itself would answer these with a failure, or another path than was asked for.
    if (path.split("/").some((step) => step === "" || step === "." || step === "..")) return undefined;
    return (await lsTree([], path)).find((entry) => entry.path === path);
  };
  return {
    revision,
    list,
    entry(path) {
      const known = single.get(path) ?? find(path);
      single.set(path, known);
      return known;
    },
    async read(entry, maxBytes) {
      if (!isFile(entry)) throw new TerminalFailure("NotAFile", `${entry.path} is not a regular file`);
      if (entry.size > maxBytes) throw new TerminalFailure("FileTooLarge", `${entry.path} has ${entry.size} bytes, more than ${maxBytes}`);
      return deps.reader.read(entry.id);
    },
    stream(entry) {
      if (!isFile(entry)) throw new TerminalFailure("NotAFile", `${entry.path} is not a regular file`);
      return gitStream(deps, deps.directory, ["cat-file", "blob", entry.id]);
    },
  };
}

async function rootTree(reader: ObjectReader, commit: string): Promise<string> {
  return /^tree ([0-9a-f]+)$/m.exec((await reader.read(commit)).toString("utf8"))?.[1] ?? "";
}
