import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isBelowPrefix, messageOf, normalUri, sha256 } from "../base/index.ts";
import { CHUNK_BYTES } from "./chunks.ts";
import { type DataSource, RemoteDataError, type RemoteFile } from "./data-source.ts";

/** Linux only: a handle that names a file without opening it. Node has no constant for it. */
const O_PATH = 0o10000000;
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const MAX_DEPTH = 64;
const FILE_SCHEME = "file://";

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

function failure(thrown: unknown, uri: string): RemoteDataError {
  if (thrown instanceof RemoteDataError) return thrown;
  const code = codeOf(thrown);
  if (code === "ENOENT" || code === "ENOTDIR") return new RemoteDataError("DataNotFound", `there is nothing at ${uri}`, { cause: thrown });
  const lasting = ["EACCES", "EPERM", "ELOOP", "ENAMETOOLONG", "ENXIO"].includes(code);
  return new RemoteDataError(lasting ? "DataNotReadable" : "DataStoreUnavailable", `${uri} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
}

async function attempt<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw failure(thrown, uri);
  }
}

const isInside = (path: string, root: string): boolean => path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);

/** Something that was found, and is known to lie where it may. */
interface Found {
  readonly stats: BigIntStats;
  /** Names the very thing that was looked at, whatever its path leads to by now. */
  readonly reopen: string;
}

interface Boundary {
  readonly roots: readonly string[];
  readonly forbidden: readonly string[];
}

async function boundaryOf(prefixes: readonly string[], except: readonly string[]): Promise<Boundary> {
  const local = (uris: readonly string[]) => uris.filter((uri) => uri.startsWith(`${FILE_SCHEME}/`)).map(normalUri);
  const real = async (paths: readonly string[]) => {
    const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
    return found.filter((path) => path !== undefined);
  };
  const roots = await real(local(prefixes).map((uri) => uri.slice(FILE_SCHEME.length)));
  // Roots of stores are URLs, made by us: there a space is %20.
  return { roots, forbidden: await real(local(except).map((uri) => fileURLToPath(uri))) };
}

/**
 * Opens a handle, asks the kernel where the handle really is, and gives only that handle on: so a link is followed only if it ends
 * inside the boundary, whatever is renamed meanwhile. Pipes and devices are never opened.
 */
async function inside<T>(uri: string, boundary: Boundary, use: (found: Found) => Promise<T>): Promise<T> {
  const path = uri.slice(FILE_SCHEME.length);
  const handle = await open(path, process.platform === "linux" ? O_PATH : READ);
  try {
    const stats = await handle.stat({ bigint: true });
    const own = `/proc/self/fd/${handle.fd}`;
    const linux = process.platform === "linux";
    const place = linux ? await readlink(own) : await realpath(path);
    if (!boundary.roots.some((root) => isInside(place, root)) || boundary.forbidden.some((root) => isInside(place, root)))
      throw new RemoteDataError("UriNotAllowed", `${uri} is a link that leads out of the data prefix; it was not read`);
    if (!linux) {
      const there = await stat(place, { bigint: true });
      if (there.dev !== stats.dev || there.ino !== stats.ino) throw new RemoteDataError("UriNotAllowed", `${uri} changed while it was opened`);
    }
    return await use({ stats, reopen: linux ? own : place });
  } finally {
    await handle.close();
  }
}

function versionOf({ size, mtimeNs, ino }: BigIntStats): string {
  return sha256(`${size} ${mtimeNs} ${ino}`);
}

function notRegular(uri: string): RemoteDataError {
  return new RemoteDataError("DataNotReadable", `${uri} is a pipe, socket or device; only files and directories can be read`);
}

async function openFile(uri: string, boundary: Boundary): Promise<FileHandle> {
  return inside(uri, boundary, async ({ stats, reopen }) => {
    if (stats.isDirectory()) throw new RemoteDataError("DataNotFound", `${uri} is a directory, not a file`);
    if (!stats.isFile()) throw notRegular(uri);
    const file = await open(reopen, READ);
    const again = await file.stat({ bigint: true });
    if (again.ino === stats.ino && again.dev === stats.dev) return file;
    await file.close();
    throw new RemoteDataError("UriNotAllowed", `${uri} changed while it was opened`);
  });
}

/** Names in a directory, or undefined for a file. */
function listing(uri: string, boundary: Boundary): Promise<{ names: readonly string[]; identity: string } | { file: RemoteFile }> {
  return inside(uri, boundary, async ({ stats, reopen }) => {
    if (stats.isFile()) return { file: { uri, below: "", version: versionOf(stats) } };
    if (!stats.isDirectory()) throw notRegular(uri);
    const names = (await readdir(reopen, { encoding: "buffer" })).map((name) => decoded(uri, name));
    return { names: names.sort(), identity: `${stats.dev}:${stats.ino}` };
  });
}

function decoded(uri: string, name: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(name);
  } catch (thrown) {
    throw new RemoteDataError("DataNotReadable", `${uri} holds an entry whose name is not UTF-8`, { cause: thrown });
  }
}

/** Files and directories of this machine below `prefixes`, but for what lies below `except`. */
export function localData(prefixes: readonly string[], except: readonly string[]): DataSource {
  let known: Promise<Boundary> | undefined;
  const boundary = () => (known ??= boundaryOf(prefixes, except));
  const covers = (uri: string) => isBelowPrefix(uri, prefixes) && !isBelowPrefix(uri, except);

  async function* walk(root: string, uri: string, above: readonly string[]): AsyncGenerator<RemoteFile> {
    if (!covers(uri)) throw new RemoteDataError("DataNotReadable", `${JSON.stringify(uri)} holds a backslash or control character, or is too long`);
    const found = await listing(uri, await boundary());
    if ("file" in found) {
      yield { ...found.file, below: uri.slice(root.length + 1) };
      return;
    }
    if (above.includes(found.identity) || above.length > MAX_DEPTH) throw new RemoteDataError("DataNotReadable", `${uri} leads round in a circle, or too deep`);
    for (const name of found.names) yield* walk(root, `${uri}/${name}`, [...above, found.identity]);
  }

  return {
    file: (uri) =>
      attempt(uri, async () => {
        const found = await listing(uri, await boundary());
        return "file" in found ? found.file : undefined;
      }),
    async *files(uri) {
      try {
        yield* walk(uri, uri, []);
      } catch (thrown) {
        throw failure(thrown, uri);
      }
    },
    async *readStream(uri) {
      const file = await attempt(uri, async () => openFile(uri, await boundary()));
      try {
        for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false })) yield chunk as Buffer;
      } catch (thrown) {
        throw failure(thrown, uri);
      } finally {
        await file.close();
      }
    },
  };
}
