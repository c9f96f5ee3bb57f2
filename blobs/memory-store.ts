import { checkedKey, checkedPrefix, keyBelow } from "./key.ts";
import { collect, CHUNK_BYTES } from "./chunks.ts";
import { BlobError, type BlobStat, type BlobStore } from "./store.ts";

function bytesOf(data: string | Uint8Array): Buffer {
  return Buffer.from(data as Uint8Array);
}

function notFound(key: string): BlobError {
  return new BlobError("BlobNotFound", `no object ${key}`);
}

/** Objects in memory, for tests. Every call makes its own store; `root` only names it. */
export function memoryStore(root = "memory://store"): BlobStore {
  const objects = new Map<string, Buffer>();

  function found(key: string): Buffer {
    const bytes = objects.get(checkedKey(key));
    if (bytes === undefined) throw notFound(key);
    return bytes;
  }

  return {
    root,
    uri: (key) => `${root}/${checkedKey(key)}`,
    keyOf: (uri) => keyBelow(root, uri),
    async read(key, maxBytes) {
      const bytes = found(key);
      if (bytes.length > maxBytes) throw tooLarge(key, bytes.length, maxBytes);
      return Buffer.from(bytes);
    },
    async *readStream(key) {
      const bytes = found(key);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield Buffer.from(bytes.subarray(at, at + CHUNK_BYTES));
    },
    async stat(key) {
      const bytes = objects.get(checkedKey(key));
      return bytes === undefined ? undefined : { key, size: bytes.length };
    },
    async write(key, data) {
      checkedKey(key);
      const whole = typeof data === "string" || data instanceof Uint8Array ? bytesOf(data) : await collect(data, Number.MAX_SAFE_INTEGER);
      objects.set(key, whole ?? Buffer.alloc(0));
    },
    async writeIfAbsent(key, data) {
      if (objects.has(checkedKey(key))) return false;
      objects.set(key, bytesOf(data));
      return true;
    },
    async *list(prefix) {
      const start = checkedPrefix(prefix);
      const stats = [...objects].flatMap(([key, bytes]): BlobStat[] => (key.startsWith(start) ? [{ key, size: bytes.length }] : []));
      yield* stats.sort((left, right) => (left.key < right.key ? -1 : 1));
    },
    async delete(key) {
      objects.delete(checkedKey(key));
    },
    async deleteAll(prefix) {
      const start = `${checkedKey(prefix)}/`;
      for (const key of [...objects.keys()]) if (key.startsWith(start)) objects.delete(key);
    },
  };
}

export function tooLarge(key: string, size: number, maxBytes: number): BlobError {
  return new BlobError("BlobTooLarge", `object ${key} has ${size} bytes; at most ${maxBytes} are read here`);
}
