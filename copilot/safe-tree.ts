import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { OutputFailure, type OutputTree } from "../values/index.ts";

/** Linux only: a handle that names a file without opening it. Node has no constant for it. */
const O_PATH = 0o10000000;
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Entries one output directory may have, folders included. */
const MAX_TREE_ENTRIES = 1_000_000;

export interface TreeFileHandle {
  readonly file: FileHandle;
  readonly size: number;
}

/** A directory that is read without ever leaving it. */
export interface SafeTree extends OutputTree {
  /** Opens a regular file for reading; the caller closes it. */
  openFile(path: readonly string[]): Promise<TreeFileHandle>;
  /** Paths of all regular files below a folder, in name order. Empty folders are not seen. */
  walk(path: readonly string[]): AsyncIterable<readonly string[]>;
}

/** Something that was named, looked at, and is known to lie inside. */
interface Located {
  readonly handle: FileHandle;
  readonly stats: Stats;
  /** Where the handle can be opened again without naming the file again. */
  readonly reopen: string;
}

const shown = (path: readonly string[]) => (path.length === 0 ? "the output directory" : path.join("/"));

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

function invalid(path: readonly string[], message: string, cause?: unknown): OutputFailure {
  return new OutputFailure("OutputInvalid", `output ${shown(path)}: ${message}`, { cause });
}

/**
 * The output directory of a task, which may hold anything and may still be changing. Nothing is trusted by name: each entry is first
 * opened as a mere handle, the kernel is asked where that handle really is, and only that handle is read. So a link is followed only if
 * it ends inside `root` or `alsoInside`, whatever is renamed meanwhile; sockets, fifos and devices are never opened.
 */
export async function safeTree(root: string, alsoInside: readonly string[] = []): Promise<SafeTree> {
  const others = await Promise.all(alsoInside.map((one) => realpath(one).catch(() => undefined)));
  const roots = [await realpath(root), ...others.filter((one) => one !== undefined)];
  const locate = (await hasProc()) ? locateByHandle : locateByIdentity;

  /** Runs `use` with an entry that lies inside and closes it; undefined when there is nothing. */
  async function located<T>(path: readonly string[], use: (found: Located) => Promise<T>): Promise<T | undefined> {
    const found = await locate(join(root, ...path), path, roots);
    if (found === undefined) return undefined;
    try {
      return await use(found);
    } finally {
      await found.handle.close();
    }
  }

  async function openFile(path: readonly string[]): Promise<TreeFileHandle> {
    const opened = await located(path, async ({ stats, reopen }) => {
      if (kindOf(stats, path) !== "file") throw invalid(path, "a file is expected here, this is a directory");
      const file = await open(reopen, READ).catch((thrown: unknown) => Promise.reject(unreadable(path, thrown)));
      const again = await file.stat();
      if (again.ino === stats.ino && again.dev === stats.dev) return { file, size: stats.size };
      await file.close();
      throw escapes(path);
    });
    if (opened === undefined) throw invalid(path, "it is not there any more");
    return opened;
  }

  async function folder(path: readonly string[]): Promise<{ names: string[]; identity: string }> {
    const listed = await located(path, async ({ stats, reopen }) => {
      if (kindOf(stats, path) !== "folder") throw invalid(path, "a directory is expected here, this is a file");
      const names = await readdir(reopen, { encoding: "buffer" }).catch((thrown: unknown) => Promise.reject(unreadable(path, thrown)));
      return { names: names.map((name) => decodedName(path, name)).sort(), identity: `${stats.dev}:${stats.ino}` };
    });
    if (listed === undefined) throw invalid(path, "it is not there any more");
    return listed;
  }

  async function* walk(path: readonly string[], above: readonly string[], seen: { count: number }): AsyncGenerator<readonly string[]> {
    const { names, identity } = await folder(path);
    if (above.includes(identity)) throw invalid(path, "this link leads to a directory that it lies in");
    seen.count += names.length;
    if (seen.count > MAX_TREE_ENTRIES) throw new OutputFailure("OutputTooLarge", `output ${shown(path)} has more than ${MAX_TREE_ENTRIES} entries`);
    for (const name of names) {
      const below = [...path, name];
      const kind = await located(below, async ({ stats }) => kindOf(stats, below));
      if (kind === "folder") yield* walk(below, [...above, identity], seen);
      else if (kind === "file") yield below;
    }
  }

  return {
    openFile,
    walk: (path) => walk(path, [], { count: 0 }),
    kind: (path) => located(path, ({ stats }) => Promise.resolve(kindOf(stats, path))),
    list: async (path) => (await folder(path)).names,
    async read(path, maxBytes) {
      const { file, size } = await openFile(path);
      try {
        if (size > maxBytes) return "too large";
        const data = await file.readFile();
        return data.length > maxBytes ? "too large" : data;
      } finally {
        await file.close();
      }
    },
  };
}

function unreadable(path: readonly string[], thrown: unknown): OutputFailure {
  return invalid(path, `it cannot be read (${codeOf(thrown)})`, thrown);
}

function kindOf(stats: Stats, path: readonly string[]): "file" | "folder" {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  throw invalid(path, `this is a ${stats.isFIFO() ? "fifo" : stats.isSocket() ? "socket" : "device"}; only files and directories can be outputs`);
}

function decodedName(path: readonly string[], name: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(name);
  } catch (thrown) {
    throw invalid(path, "it holds an entry whose name is not UTF-8", thrown);
  }
}

async function hasProc(): Promise<boolean> {
  return readlink("/proc/self/fd/0").then(
    () => true,
    () => false,
  );
}

function isInside(real: string, roots: readonly string[]): boolean {
  return roots.some((root) => real === root || real.startsWith(root.endsWith("/") ? root : `${root}/`));
}

function escapes(path: readonly string[]): OutputFailure {
  return new OutputFailure("OutputLinkEscapes", `output ${shown(path)} is a link that leads out of the task's directories; it was not read`);
}

async function handleOf(absolute: string, path: readonly string[], flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(absolute, flags);
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    if (codeOf(thrown) === "ELOOP") throw invalid(path, "this link leads round in a circle", thrown);
    throw unreadable(path, thrown);
  }
}

/** Linux: a path handle, whose real place /proc tells, and through which /proc opens the very same file. */
async function locateByHandle(absolute: string, path: readonly string[], roots: readonly string[]): Promise<Located | undefined> {
  const handle = await handleOf(absolute, path, O_PATH);
  if (handle === undefined) return undefined;
  try {
    const reopen = `/proc/self/fd/${handle.fd}`;
    const stats = await handle.stat();
    if (!isInside(await readlink(reopen), roots)) throw escapes(path);
    if (stats.nlink > 0) return { handle, stats, reopen };
    await handle.close();
    return undefined;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Elsewhere: the opened file must be the one that stands at the real path, by device and inode. */
async function locateByIdentity(absolute: string, path: readonly string[], roots: readonly string[]): Promise<Located | undefined> {
  const handle = await handleOf(absolute, path, READ);
  if (handle === undefined) return undefined;
  try {
    const [stats, real] = [await handle.stat(), await realpath(absolute)];
    const there = await stat(real);
    if (!isInside(real, roots) || there.dev !== stats.dev || there.ino !== stats.ino) throw escapes(path);
    return { handle, stats, reopen: real };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}
