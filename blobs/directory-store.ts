import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, readlink, realpath, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../base/index.ts";
import { CHUNK_BYTES, inChunks } from "./chunks.ts";
import { checkedKey, checkedPrefix, keyBelow, UPLOADS } from "./key.ts";
import { tooLarge } from "./memory-store.ts";
import { BlobError, type BlobErrorCode, type BlobStat, type BlobStore } from "./store.ts";

type Data = string | Uint8Array | AsyncIterable<Uint8Array>;

/** What the kernel's answers mean for an object. Everything else (disk full, no permission, I/O error) may pass. */
const CODES: Readonly<Record<string, BlobErrorCode>> = {
  ENOENT: "BlobNotFound",
  EISDIR: "BlobNotFound",
  ENOTDIR: "InvalidKey",
  ENAMETOOLONG: "InvalidKey",
  EINVAL: "InvalidKey",
};

/** What a folder that vanishes while it is made looks like. */
const VANISHED: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

function failure(thrown: unknown, key: string): BlobError {
  if (thrown instanceof BlobError) return thrown;
  const code = CODES[codeOf(thrown)] ?? "BlobStoreUnavailable";
  const message = code === "BlobNotFound" ? `no object ${key}` : `object ${key}: ${messageOf(thrown)}`;
  return new BlobError(code, message, { cause: thrown });
}

async function attempt<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw failure(thrown, key);
  }
}

/** Tries first, and makes the folder only when it is not there: nearly always it is, and every call waits for a thread. */
async function inMadeFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT") throw thrown;
    await mkdir(folder, { recursive: true });
    return work();
  }
}

/** Whatever prevents a file in our own folder says something about the store, not about a key. */
async function newFile(path: string): Promise<FileHandle> {
  try {
    return await inMadeFolder(dirname(path), () => open(path, "wx", 0o644));
  } catch (thrown) {
    throw new BlobError("BlobStoreUnavailable", `the object store cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function writeAll(file: FileHandle, data: Data): Promise<void> {
  if (typeof data === "string" || data instanceof Uint8Array) return file.writeFile(data);
  for await (const chunk of inChunks(data)) {
    for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
  }
}

/**
 * Objects as files of a local directory. A new object is written beside the others, flushed, and given its name by rename (or by
 * link, which refuses a name that exists): no reader, and no crash, ever sees half of one. A key that is the prefix of another cannot be
 * stored here (InvalidKey).
 */
export function directoryStore(root: string): BlobStore {
  const base = fileURLToPath(root);
  const uploads = join(base, UPLOADS);
  const pathOf = (key: string) => join(base, checkedKey(key));
  let known: Promise<string> | undefined;
  /** Where the store really is. Asked once: it must exist, or this fails and is asked again. */
  const realBase = () => {
    known ??= realpath(base).catch((thrown: unknown) => {
      known = undefined;
      throw thrown;
    });
    return known;
  };

  /** Runs `publish` with the path of a finished temporary file. */
  async function upload<T>(data: Data, publish: (temporary: string) => Promise<T>): Promise<T> {
    const temporary = join(uploads, randomUUID());
    const file = await newFile(temporary);
    try {
      try {
        await writeAll(file, data);
        await file.datasync();
      } finally {
        await file.close();
      }
      return await publish(temporary);
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    }
  }

  /** Names a file. The folder may vanish in between, when another process deletes the last object of a prefix. */
  async function inFolder(path: string, name: () => Promise<void>): Promise<void> {
    for (let tries = 10; ; tries--) {
      try {
        // Making the folder can meet the same: a parent is gone before the child is made. Node then says ENOTDIR when the parent went between its two looks.
        await inMadeFolder(dirname(path), () => refuseLinks(base, realBase, dirname(path)));
        return await name();
      } catch (thrown) {
        if (!VANISHED.has(codeOf(thrown)) || tries === 0) throw thrown;
      }
    }
  }

  return {
    root,
    uri: (key) => `${root}/${checkedKey(key)}`,
    keyOf: (uri) => keyBelow(root, uri),
    read: (key, maxBytes) => attempt(key, () => readWhole(realBase, pathOf(key), key, maxBytes)),
    async *readStream(key) {
      try {
        const { file } = await openInside(realBase, pathOf(key), key);
        for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES })) yield chunk as Buffer;
      } catch (thrown) {
        throw failure(thrown, key);
      }
    },
    stat: (key) => attempt(key, () => statOf(pathOf(key), key)),
    write: (key, data) =>
      attempt(key, async () => {
        const path = pathOf(key);
        await upload(data, (temporary) => inFolder(path, () => rename(temporary, path))).catch(refuseFolder);
      }),
    writeIfAbsent: (key, data) =>
      attempt(key, async () => {
        const path = pathOf(key);
        if ((await statOf(path, key)) !== undefined) return false;
        return upload(data, (temporary) => linkOnce(temporary, path, inFolder));
      }),
    list: (prefix) => walk(base, checkedPrefix(prefix)),
    delete: (key) => attempt(key, () => rm(pathOf(key), { force: true })),
    deleteAll: (prefix) => attempt(prefix, () => rm(pathOf(prefix.replace(/\/$/, "")), { recursive: true, force: true, maxRetries: 10, retryDelay: 10 })),
  };
}

/** An object is never written through a link, which could lead to the objects of others. */
async function refuseLinks(base: string, realBase: () => Promise<string>, folder: string): Promise<void> {
  if ((await realpath(folder)) !== join(await realBase(), relative(base, folder)))
    throw new BlobError("InvalidKey", `${relative(base, folder)} is reached through a link`);
}

/** `mkdir` and `rename` say EEXIST, EISDIR or ENOTEMPTY where a file stands for a folder or the other way round. */
function refuseFolder(thrown: unknown): never {
  if (!["EEXIST", "EISDIR", "ENOTEMPTY"].includes(codeOf(thrown))) throw thrown;
  throw new BlobError("InvalidKey", "an object cannot have the name of a prefix, nor lie below another object", { cause: thrown });
}

async function linkOnce(temporary: string, path: string, inFolder: (path: string, name: () => Promise<void>) => Promise<void>): Promise<boolean> {
  try {
    await inFolder(path, () => link(temporary, path));
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
    await unlink(temporary);
    if (!(await stat(path)).isFile()) refuseFolder(thrown);
    return false;
  }
  await unlink(temporary);
  return true;
}

interface Opened {
  readonly file: FileHandle;
  readonly size: number;
}

/**
 * Opens an object for reading. Tasks on this machine write below their raw prefix themselves: a link they left there is not
 * followed out of the store, because the kernel is asked where the opened file really is, and a fifo is not waited for.
 */
async function openInside(realBase: () => Promise<string>, path: string, key: string): Promise<Opened> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const [found, root, place] = await Promise.all([file.stat(), realBase(), placeOf(file, path)]);
    if (found.isFile() && place !== undefined && place.startsWith(`${root}/`)) return { file, size: found.size };
    throw new BlobError("BlobNotFound", `no object ${key}`);
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** Where an open file really is. On Linux the kernel knows; elsewhere the file at the real path must be the same by device and inode. */
async function placeOf(file: FileHandle, path: string): Promise<string | undefined> {
  if (process.platform === "linux") return readlink(`/proc/self/fd/${file.fd}`);
  const [found, real] = await Promise.all([file.stat(), realpath(path)]);
  const there = await stat(real);
  return there.dev === found.dev && there.ino === found.ino ? real : undefined;
}

async function readWhole(realBase: () => Promise<string>, path: string, key: string, maxBytes: number): Promise<Buffer> {
  const { file, size } = await openInside(realBase, path, key);
  try {
    if (size > maxBytes) throw tooLarge(key, size, maxBytes);
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function statOf(path: string, key: string): Promise<BlobStat | undefined> {
  const found = await stat(path).catch((thrown: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(thrown))) return undefined;
    throw thrown;
  });
  return found?.isFile() ? { key, size: found.size } : undefined;
}

/** Files below a prefix in key order: a folder sorts as its name with the slash. */
async function* walk(base: string, prefix: string): AsyncGenerator<BlobStat> {
  const entries = await readdir(join(base, prefix), { withFileTypes: true }).catch((thrown: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(thrown))) return [];
    throw failure(thrown, prefix);
  });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [`${entry.name}/`] : entry.isFile() ? [entry.name] : []));
  for (const name of names.sort()) {
    const key = prefix + name;
    if (key === `${UPLOADS}/`) continue;
    if (name.endsWith("/")) yield* walk(base, key);
    else {
      const found = await attempt(key, () => statOf(join(base, key), key));
      if (found !== undefined) yield found;
    }
  }
}
