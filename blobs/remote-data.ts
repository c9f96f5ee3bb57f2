import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { digestJson, Failure, isBelowPrefix, messageOf, normalUri, sha256 } from "../base/index.ts";
import { CHUNK_BYTES } from "./chunks.ts";

/** Data that flyteops does not own, read where it lies: files and directories below some prefixes, and nothing else. */
export interface RemoteData {
  /** Whether a URI lies below one of the prefixes. Everything else is refused without being touched. */
  covers(uri: string): boolean;
  /** One file; undefined where there is nothing, or a directory. */
  file(uri: string): Promise<RemoteFile | undefined>;
  /** All files below a directory, by path. Undefined where there is none. */
  files(uri: string, maxFiles?: number): Promise<readonly RemoteFile[] | undefined>;
  readStream(uri: string): AsyncIterable<Uint8Array>;
  /** What stands for a file, or for everything below a directory, in cache keys. Undefined where there is nothing of the kind. */
  identity(uri: string, multipart: boolean): Promise<RemoteIdentity | undefined>;
}

export interface RemoteIdentity {
  /** `sha256:…` over the URI and the versions of its files. */
  readonly digest: string;
  readonly files: readonly RemoteFile[];
}

export interface RemoteFile {
  readonly uri: string;
  /** Path below the directory that was asked for; "" for a file that was itself asked for. */
  readonly below: string;
  /** Changes when the content does, as far as the store can tell: etag or generation; of a local file size, time and inode. */
  readonly version: string;
}

export type RemoteDataErrorCode = "UriNotAllowed" | "DataNotFound" | "DataNotReadable" | "DataTooLarge" | "DataStoreUnavailable";

export class RemoteDataError extends Failure {
  override readonly retry: "retryable" | "terminal";
  readonly code: RemoteDataErrorCode;
  constructor(code: RemoteDataErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.code = code;
    this.retry = code === "DataStoreUnavailable" ? "retryable" : "terminal";
  }
}

/** Linux only: a handle that names a file without opening it. Node has no constant for it. */
const O_PATH = 0o10000000;
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const MAX_DEPTH = 64;
/** Files one directory may have. */
const MAX_FILES = 1_000_000;
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

/** The data below `prefixes`, but for what lies below `except`: our own store is never somebody's data. */
export function openRemoteData(prefixes: readonly string[], except: readonly string[] = []): RemoteData {
  let known: Promise<Boundary> | undefined;
  const boundary = () => (known ??= boundaryOf(prefixes, except));
  const covers = (uri: string) => isBelowPrefix(uri, prefixes) && !isBelowPrefix(uri, except);

  async function allowed(uri: string): Promise<Boundary> {
    const why = isBelowPrefix(uri, except) ? "in the object store itself" : `below none of the data prefixes: ${prefixes.join(", ") || "there are none"}`;
    if (!covers(uri)) throw new RemoteDataError("UriNotAllowed", `${uri} lies ${why}`);
    return boundary();
  }

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

  async function file(uri: string): Promise<RemoteFile | undefined> {
    const place = await allowed(uri);
    return attempt(uri, () => listing(uri, place)).then(
      (found) => ("file" in found ? found.file : undefined),
      (thrown: unknown) => nothing(thrown),
    );
  }

  async function files(uri: string, maxFiles = MAX_FILES): Promise<readonly RemoteFile[] | undefined> {
    await allowed(uri);
    const found: RemoteFile[] = [];
    try {
      for await (const one of walk(uri, uri, [])) {
        found.push(one);
        if (found.length > maxFiles) throw new RemoteDataError("DataTooLarge", `${uri} has more than ${maxFiles} files`);
      }
    } catch (thrown) {
      return nothing(failure(thrown, uri));
    }
    return found;
  }

  return {
    covers,
    file,
    files,
    async identity(uri, multipart) {
      const found = multipart ? await files(uri) : [await file(uri)].filter((one) => one !== undefined);
      if (found === undefined || (!multipart && found.length === 0)) return undefined;
      return { digest: digestJson([uri, found.map(({ below, version }) => [below, version])]), files: found };
    },
    async *readStream(uri) {
      const place = await allowed(uri);
      const file = await attempt(uri, () => openFile(uri, place));
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

function nothing(thrown: unknown): undefined {
  if (thrown instanceof RemoteDataError && thrown.code === "DataNotFound") return undefined;
  throw thrown;
}
