import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { type Clock, TerminalFailure } from "../../base/index.ts";
import { commitTree } from "./commit-tree.ts";
import { type CommandDeps, gitBytes } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";
import { gitDirectories } from "./local-refs.ts";
import { objectReader } from "./object-reader.ts";
import type { RepositoryTree, TreeEntry } from "./repository-tree.ts";

export interface WorkingTreeDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** A directory of this machine, seen as a repository. */
export interface LocalFiles {
  readonly tree: RepositoryTree;
  /** Root of the repository; the directory itself when it lies in none. */
  readonly root: string;
  /** The directory, relative to the root, with forward slashes; "" for the root. */
  readonly path: string;
  readonly isGit: boolean;
  close(): Promise<void>;
}

const LIMIT_FILES = 500_000;
const TIMEOUT_MS = 60_000;
/** A repository must not be able to start a program by being looked at. */
const SAFE = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*"];

/** Of a partial clone, an object that is not there would be fetched by whatever program its configuration names. */
const NO_FETCH = { GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" };

function commandDeps({ environment, clock }: WorkingTreeDeps): CommandDeps {
  const env: Record<string, string> = { LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", GIT_LITERAL_PATHSPECS: "1", ...NO_FETCH };
  for (const name of ["PATH", "HOME"]) if (environment[name] !== undefined) env[name] = environment[name];
  return { env, clock };
}

function repositoryRoot(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (gitDirectories(at)) return at;
    if (dirname(at) === at) return undefined;
  }
}

const slashed = (path: string): string => path.split(sep).join("/");

/**
 * The files of a directory as they lie on disk: in a git working tree those that git would commit, elsewhere all. Links are listed, never followed. Throws NotADirectory
 * (terminal) and classified failures of git.
 */
export async function workingTree(directory: string, deps: WorkingTreeDeps): Promise<LocalFiles> {
  const start = resolve(directory);
  const found = await lstat(start).catch(() => undefined);
  if (!found?.isDirectory()) throw new TerminalFailure("NotADirectory", `${directory} is not a directory`);
  const gitRoot = repositoryRoot(start);
  const root = gitRoot ?? start;
  const path = slashed(relative(root, start));
  const names = gitRoot === undefined ? await walk(root, "") : await committable(root, path, deps);
  return { tree: diskTree(root, await entriesOf(root, names)), root, path, isGit: gitRoot !== undefined, close: () => Promise.resolve() };
}

/** The files of a commit of a local repository. Throws RefNotFound, NotADirectory, NotARepository. */
export async function localCommit(directory: string, revision: string, deps: WorkingTreeDeps): Promise<LocalFiles> {
  const start = resolve(directory);
  const root = repositoryRoot(start);
  const gitDir = root === undefined ? undefined : gitDirectories(root)?.gitDir;
  if (root === undefined || gitDir === undefined)
    throw new TerminalFailure("NotARepository", `${directory} lies in no git repository, so there is no ${revision}`);
  const command = commandDeps(deps);
  const args = [...SAFE, "rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const said = await gitBytes(command, gitDir, args, 4096, { timeoutMs: TIMEOUT_MS }).catch(() => undefined);
  const commit = said?.toString("latin1").trim();
  if (!commit) throw new TerminalFailure("RefNotFound", `${revision} is not a commit of ${root}`);
  const reader = objectReader(gitDir, command.env);
  const tree = commitTree({ ...command, directory: gitDir, reader }, commit, `${revision}@sha1:${commit}`);
  return { tree, root, path: slashed(relative(root, start)), isGit: true, close: () => reader.close() };
}

/** Tracked files and those that are neither tracked nor ignored. All of the repository: manifests may name files outside `path` with a leading slash. */
async function committable(root: string, path: string, deps: WorkingTreeDeps): Promise<string[]> {
  const args = [...SAFE, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  try {
    const listing = await gitBytes(commandDeps(deps), root, args, 256 * 1024 * 1024, { timeoutMs: TIMEOUT_MS });
    return listing
      .toString("utf8")
      .split("\0")
      .filter((name) => name !== "" && !name.endsWith("/"));
  } catch (thrown) {
    throw gitFailure(thrown, join(root, path));
  }
}

async function walk(root: string, folder: string): Promise<string[]> {
  const names: string[] = [];
  const queue = [folder];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const entry of await readdir(join(root, at), { withFileTypes: true })) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== ".git") queue.push(path);
      else if (entry.isFile() || entry.isSymbolicLink()) names.push(path);
    }
    if (names.length > LIMIT_FILES) throw new TerminalFailure("TooManyFiles", `${root} holds more than ${LIMIT_FILES} files`);
  }
  return names;
}

async function entryOf(root: string, path: string): Promise<TreeEntry | undefined> {
  const found = await lstat(join(root, path)).catch(() => undefined);
  if (!found) return undefined;
  if (found.isSymbolicLink()) return { path, mode: "120000", id: "", size: found.size };
  if (found.isDirectory()) return { path, mode: "160000", id: "", size: 0 };
  if (!found.isFile()) return undefined;
  return { path, mode: (found.mode & 0o100) === 0 ? "100644" : "100755", id: "", size: found.size };
}

/** Entries of files, and of the folders above them that are real directories. What lies behind a link is not there. */
async function entriesOf(root: string, names: readonly string[]): Promise<TreeEntry[]> {
  const folders = new Map<string, Promise<boolean>>();
  const isFolder = (path: string): Promise<boolean> => {
    if (path === "") return Promise.resolve(true);
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    const known =
      folders.get(path) ??
      isFolder(parent).then(
        async (real) => real && (await lstat(join(root, path))).isDirectory(),
        () => false,
      );
    folders.set(path, known);
    return known;
  };
  const entries = new Map<string, TreeEntry>();
  for (const name of names) {
    const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
    const entry = (await isFolder(folder)) ? await entryOf(root, name) : undefined;
    if (entry) entries.set(name, entry);
  }
  for (const [path, real] of folders) if (await real) entries.set(path, { path, mode: "040000", id: "", size: 0 });
  return [...entries.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
}

function diskTree(root: string, entries: readonly TreeEntry[]): RepositoryTree {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return {
    revision: "working-tree",
    list: (folder) => Promise.resolve(folder === "" ? entries : entries.filter(({ path }) => path.startsWith(`${folder}/`))),
    entry: (path) => Promise.resolve(path === "" ? { path, mode: "040000", id: "", size: 0 } : byPath.get(path)),
    async read(entry, maxBytes) {
      const pieces: Buffer[] = [];
      let size = 0;
      for await (const piece of diskStream(root, entry)) {
        size += piece.length;
        if (size > maxBytes) throw new TerminalFailure("FileTooLarge", `${entry.path} has more than ${maxBytes} bytes`);
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    },
    stream: (entry) => diskStream(root, entry),
  };
}

/** The last step of the path is not followed if it has become a link meanwhile, and a fifo does not block. */
async function* diskStream(root: string, { path }: TreeEntry): AsyncGenerator<Buffer> {
  const file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new TerminalFailure("NotAFile", `${path} is not a regular file`);
    for await (const piece of file.createReadStream({ autoClose: false })) yield piece as Buffer;
  } finally {
    await file.close();
  }
}
