import { inParallel, messageOf } from "../../base/index.ts";
import { collect, inChunks } from "../chunks.ts";
import { checkedKey, checkedPrefix, isKey, keyBelow } from "../key.ts";
import { tooLarge } from "../memory-store.ts";
import { BlobError, type BlobStat, type BlobStore } from "../store.ts";
import { limiter } from "./limiter.ts";
import { Refused } from "./requests.ts";
import type { ObjectService, Reading, Upload } from "./service.ts";

const PARALLEL_DELETES = 16;
/** Larger objects that are sent at once: each holds up to six pieces in memory. */
const PARALLEL_UPLOADS = 2;
/** How often a body that ends early is asked for again from where it ended, without a byte in between. */
const RESUMES = 4;
/** What every object store takes, in bytes of UTF-8. */
const MAX_NAME_BYTES = 1024;

/** Half of a surrogate pair has no UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The bytes of an object from its first to its last, whatever breaks in between: asked for again from there, of the same version. */
export async function* wholeBody(service: ObjectService, name: string): AsyncGenerator<Uint8Array> {
  let reading: Reading = await service.get(name);
  const { size, version } = reading;
  let at = 0;
  for (let failures = 0; ; failures++) {
    const before = at;
    try {
      for await (const chunk of reading.body) {
        at += chunk.length;
        yield chunk;
      }
      if (at === size) return;
      if (at > size) throw new BlobError("BlobStoreUnavailable", `${service.place}: object ${name} has more bytes than was said`);
    } catch (thrown) {
      if (thrown instanceof BlobError) throw thrown;
      if (failures >= RESUMES)
        throw new BlobError("BlobStoreUnavailable", `${service.place}: object ${name} ends early: ${messageOf(thrown)}`, { cause: thrown });
    }
    if (at > before) failures = 0;
    if (failures >= RESUMES) throw new BlobError("BlobStoreUnavailable", `${service.place}: object ${name} ends after ${at} of ${size} bytes`);
    // All of it came, only its end did not.
    if (at === size) return;
    reading = await resumed(service, name, at, version);
  }
}

async function resumed(service: ObjectService, name: string, offset: number, version: string): Promise<Reading> {
  try {
    return await service.get(name, { offset, version });
  } catch (thrown) {
    const gone = thrown instanceof BlobError && (thrown.code === "BlobNotFound" || hasChanged(thrown.cause));
    if (!gone) throw thrown;
    throw new BlobError("BlobStoreUnavailable", `${service.place}: object ${name} changed while it was read`, { cause: thrown });
  }
}

function hasChanged(cause: unknown): boolean {
  return cause instanceof Refused && cause.refusal.status === 412;
}

/** Sends pieces as they come, some at a time; rejects with the first failure after all that were on their way have ended. */
async function sendParts(upload: Upload, source: AsyncIterable<Uint8Array>): Promise<void> {
  const pieces = async function* () {
    let number = 0;
    let held: Buffer | undefined;
    for await (const piece of exactPieces(source, (at) => upload.partBytes(at))) {
      if (held !== undefined) yield { number: number++, bytes: held, last: false };
      held = piece;
    }
    yield { number, bytes: held ?? Buffer.alloc(0), last: true };
  };
  await inParallel(pieces(), upload.parallel, ({ number, bytes, last }) => upload.part(number, bytes, last));
}

/** The same bytes in pieces of exactly the sizes asked for; the last may be smaller. */
async function* exactPieces(source: AsyncIterable<Uint8Array>, bytesOf: (number: number) => number): AsyncGenerator<Buffer> {
  let number = 0;
  let piece = Buffer.allocUnsafe(bytesOf(0));
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, piece.length - filled);
      piece.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < piece.length) continue;
      yield piece;
      number += 1;
      piece = Buffer.allocUnsafe(bytesOf(number));
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Up to this much is sent in one request. */
const SINGLE_BYTES = 8 * 1024 * 1024;
/** Up to this much may wait in memory for its turn, of each object that is written at the same time. */
const SMALL_BYTES = 1024 * 1024;

type Split = { readonly whole: Buffer } | { readonly first: Buffer };

/** Reads a source until it ends or has given more than so many bytes. */
async function split(iterator: AsyncIterator<Uint8Array>, first: Buffer, bytes: number): Promise<Split> {
  const pieces: Uint8Array[] = [first];
  let length = first.length;
  while (length <= bytes) {
    const next = await iterator.next();
    if (next.done) return { whole: Buffer.concat(pieces) };
    pieces.push(next.value);
    length += next.value.length;
  }
  return { first: Buffer.concat(pieces) };
}

async function* joined(first: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** Objects of a bucket below a prefix. `root` is the store's URI, `prefix` what it says after the bucket. */
export function cloudStore(root: string, prefix: string, service: ObjectService): BlobStore {
  const below = prefix === "" ? "" : `${prefix}/`;
  const uploads = limiter(PARALLEL_UPLOADS);

  function nameOf(key: string): string {
    const name = below + checkedKey(key);
    const refusal =
      Buffer.byteLength(name) > MAX_NAME_BYTES
        ? `it is longer than ${MAX_NAME_BYTES - Buffer.byteLength(below)} bytes`
        : LONE_SURROGATE.test(name)
          ? "it is no valid Unicode"
          : service.refusal(name);
    if (refusal !== undefined) throw new BlobError("InvalidKey", `object key ${JSON.stringify(key)} is not valid: ${refusal}`);
    return name;
  }

  async function writeLarge(name: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const upload = await service.upload(name);
    try {
      await sendParts(upload, source);
      await upload.finish();
    } catch (thrown) {
      await upload.abort();
      throw thrown;
    }
  }

  async function* list(at: string): AsyncGenerator<BlobStat> {
    const start = below + checkedPrefix(at);
    let token: string | undefined;
    do {
      const page = await service.list(start, token);
      for (const { name, size } of page.objects) {
        const key = name.slice(below.length);
        // Others may have put names there that are no keys: markers of folders end in a slash.
        if (name.startsWith(start) && isKey(key)) yield { key, size };
      }
      token = page.next;
    } while (token !== undefined);
  }

  return {
    root,
    uri: (key) => `${root}/${checkedKey(key)}`,
    keyOf: (uri) => keyBelow(root, uri),
    async read(key, maxBytes) {
      const reading = await service.get(nameOf(key));
      if (reading.size > maxBytes) {
        await reading.body[Symbol.asyncIterator]().return?.();
        throw tooLarge(key, reading.size, maxBytes);
      }
      const body = wholeBody({ ...service, get: (name, from) => (from === undefined ? Promise.resolve(reading) : service.get(name, from)) }, nameOf(key));
      return (await collect(body, maxBytes)) ?? Buffer.alloc(0);
    },
    readStream(key) {
      return deferred(() => wholeBody(service, nameOf(key)));
    },
    async stat(key) {
      const found = await service.head(nameOf(key));
      return found && { key, size: found.size };
    },
    async write(key, data) {
      const name = nameOf(key);
      if (typeof data === "string" || data instanceof Uint8Array) return service.put(name, Buffer.from(data as Uint8Array));
      const iterator = inChunks(data)[Symbol.asyncIterator]();
      try {
        const small = await split(iterator, Buffer.alloc(0), SMALL_BYTES);
        if ("whole" in small) return await service.put(name, small.whole);
        await uploads(async () => {
          const source = await split(iterator, small.first, SINGLE_BYTES);
          if ("whole" in source) await service.put(name, source.whole);
          else await writeLarge(name, joined(source.first, iterator));
        });
      } finally {
        await iterator.return(undefined);
      }
    },
    async writeIfAbsent(key, data) {
      return service.create(nameOf(key), Buffer.from(data as Uint8Array));
    },
    list,
    async delete(key) {
      await service.delete(nameOf(key));
    },
    async deleteAll(at) {
      await inParallel(list(checkedKey(at)), PARALLEL_DELETES, ({ key }) => service.delete(below + key));
    },
  };
}

/** An iterable whose source is made when it is first asked: a key that is not valid shows there, as a rejection. */
async function* deferred(source: () => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source();
}
