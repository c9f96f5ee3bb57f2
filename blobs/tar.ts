import type { Readable } from "node:stream";
import tar from "tar-stream";
import { Failure, messageOf, TerminalFailure } from "../base/index.ts";
import { checkedKey } from "./key.ts";

export interface TarFile {
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: Uint8Array;
}

/** A tar with nothing in it that could differ between two machines: given order, no times, no owners. */
export async function deterministicTar(files: readonly TarFile[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { path, executable, bytes } of files) {
    const mode = executable ? 0o755 : 0o644;
    pack.entry({ name: path, mode, mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "", type: "file" }, Buffer.from(bytes));
  }
  pack.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of pack) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export interface TarLimits {
  readonly maxFiles: number;
  /** All files together. */
  readonly maxBytes: number;
}

export interface ExtractedFile {
  readonly path: string;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The regular files of a tar, one after the other; each content must be read before the next is asked for. A link, a device, a path
 * that leads out or comes twice, or more than the limits is a TerminalFailure `BadCodeBundle`. Directories are skipped.
 */
export async function* filesOfTar(source: AsyncIterable<Uint8Array>, limits: TarLimits): AsyncGenerator<ExtractedFile> {
  const extract = tar.extract();
  const feeding = feed(source, extract).catch((cause: unknown) => extract.destroy(cause as Error));
  const guard = entryGuard(limits);
  try {
    for await (const entry of extract) {
      const { name, type, size = 0, mode = 0 } = entry.header;
      if (type === "directory") entry.resume();
      else {
        guard(name, type ?? "file", size);
        yield { path: name, executable: (mode & 0o100) !== 0, content: readable(entry as unknown as Readable) };
      }
    }
  } catch (thrown) {
    throw asFailure(thrown);
  } finally {
    destroy(extract);
    await feeding;
  }
}

/** A broken tar shows while a file's content is read, too. */
async function* readable(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (thrown) {
    throw asFailure(thrown);
  }
}

function asFailure(thrown: unknown): Failure {
  return thrown instanceof Failure ? thrown : bad(`the code bundle is no readable tar: ${messageOf(thrown)}`);
}

function destroy(extract: tar.Extract): void {
  if (!extract.destroyed) (extract as unknown as { destroy(): void }).destroy();
}

function bad(message: string): TerminalFailure {
  return new TerminalFailure("BadCodeBundle", message);
}

function entryGuard(limits: TarLimits): (path: string, type: string, size: number) => void {
  const seen = new Set<string>();
  let bytes = 0;
  return (path, type, size) => {
    if (type !== "file" && type !== "contiguous-file") throw bad(`${path} is a ${type}; a code bundle holds regular files only`);
    try {
      checkedKey(path);
    } catch {
      throw bad(`the path ${JSON.stringify(path)} is not allowed in a code bundle`);
    }
    if (seen.has(path)) throw bad(`${path} is in the code bundle twice`);
    seen.add(path);
    bytes += size;
    if (seen.size > limits.maxFiles) throw bad(`the code bundle has more than ${limits.maxFiles} files`);
    if (bytes > limits.maxBytes) throw bad(`the code bundle is larger than ${limits.maxBytes} bytes`);
  };
}

async function feed(source: AsyncIterable<Uint8Array>, extract: tar.Extract): Promise<void> {
  for await (const chunk of source) {
    if (extract.destroyed) return;
    if (!extract.write(chunk)) await drained(extract);
  }
  (extract as unknown as { end(): void }).end();
}

function drained(extract: tar.Extract): Promise<void> {
  return new Promise((resolve) => {
    extract.once("drain", resolve);
    extract.once("close", resolve);
  });
}
