import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CHUNK_BYTES } from "../blobs/index.ts";

const WRITE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Writes files below one directory, with fixed modes whatever the umask. What an interrupted run left is replaced. */
export interface LocalFiles {
  folder(path: readonly string[]): Promise<void>;
  /** `mode` is 0644 unless said otherwise. */
  write(path: readonly string[], data: string | Uint8Array | AsyncIterable<Uint8Array>, mode?: number): Promise<void>;
}

export function localFiles(root: string): LocalFiles {
  const made = new Map<string, Promise<void>>();

  /** Each folder is made once, its parents first. */
  function folderAt(absolute: string): Promise<void> {
    const known = made.get(absolute);
    if (known !== undefined) return known;
    const making = absolute === root ? makeRoot(root) : folderAt(dirname(absolute)).then(() => makeFolder(absolute));
    made.set(absolute, making);
    return making;
  }

  return {
    folder: (path) => folderAt(join(root, ...path)),
    async write(path, data, mode = 0o644) {
      const absolute = join(root, ...path);
      await folderAt(dirname(absolute));
      const file = await fresh(absolute);
      try {
        if (typeof data === "string" || data instanceof Uint8Array) await file.writeFile(data);
        else for await (const chunk of data) await file.writeFile(chunk);
        await file.chmod(mode);
      } finally {
        await file.close();
      }
    },
  };
}

/** The directory itself may be a mount that belongs to someone else: its mode is left alone when it is there. */
async function makeRoot(root: string): Promise<void> {
  const created = await mkdir(root, { recursive: true });
  if (created !== undefined) await chmod(root, 0o755);
}

async function makeFolder(absolute: string): Promise<void> {
  await mkdir(absolute, { recursive: true });
  await chmod(absolute, 0o755);
}

async function fresh(absolute: string): Promise<FileHandle> {
  try {
    return await open(absolute, WRITE_NEW, 0o600);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
    await rm(absolute);
    return open(absolute, WRITE_NEW, 0o600);
  }
}

/** The bytes of an open file from its start, in 1 MiB pieces. Each call reads anew. */
export async function* bytesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
