import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { RetryableFailure } from "../../base/index.ts";

interface Waiting {
  readonly id: string;
  resolve(content: Buffer): void;
  reject(error: Error): void;
}

/** Reads objects of one bare repository through a single `git cat-file --batch` that stays open: one round trip per object, any number in flight. */
export interface ObjectReader {
  /** Content of an object by its full id, whatever its type. Rejects with ObjectMissing (retryable) when the repository does not hold it. */
  read(id: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Collects chunks and hands out lines and byte counts without copying more than once. */
class Inbox {
  #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The bytes before the next newline (which is dropped), or undefined when it has not arrived. Headers are short: only the first bytes are looked at. */
  takeLine(): string | undefined {
    const first = this.#chunks[0];
    if (!first) return undefined;
    let end = first.indexOf(10);
    if (end < 0) {
      this.#flatten();
      end = this.#chunks[0]?.indexOf(10) ?? -1;
    }
    return end < 0 ? undefined : this.take(end + 1).toString("latin1", 0, end);
  }

  take(count: number): Buffer {
    if ((this.#chunks[0]?.length ?? 0) < count) this.#flatten();
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    this.#chunks[0] = first.subarray(count);
    if (this.#chunks[0].length === 0) this.#chunks.shift();
    this.#size -= count;
    return first.subarray(0, count);
  }

  #flatten(): void {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

class BatchReader implements ObjectReader {
  readonly #directory: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcessWithoutNullStreams | undefined;
  #waiting: Waiting[] = [];
  #inbox = new Inbox();
  /** Bytes still to come of the object at the head of the queue, its trailing newline included. */
  #expected: number | undefined;

  constructor(directory: string, env: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#env = env;
  }

  read(id: string): Promise<Buffer> {
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(id)) return Promise.reject(new RetryableFailure("ObjectMissing", `not an object id: ${JSON.stringify(id)}`));
    const child = this.#child ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      child.stdin.write(`${id}\n`);
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGKILL");
    await closed;
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawn("git", ["cat-file", "--batch"], { cwd: this.#directory, env: { ...this.#env }, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined);
    child.stderr.resume();
    child.stdout.on("data", (chunk: Buffer) => {
      this.#inbox.push(chunk);
      this.#deliver();
    });
    child.once("error", (error) => this.#fail(child, error));
    child.once("close", () => this.#fail(child, new RetryableFailure("ObjectReadFailed", "git cat-file ended")));
    this.#child = child;
    return child;
  }

  #fail(child: ChildProcessWithoutNullStreams, error: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#inbox = new Inbox();
    this.#expected = undefined;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }

  #deliver(): void {
    while (this.#waiting.length > 0) {
      if (this.#expected === undefined && !this.#readHeader()) return;
      if (this.#expected === undefined) continue;
      if (this.#inbox.size < this.#expected) return;
      const content = this.#inbox.take(this.#expected).subarray(0, -1);
      this.#expected = undefined;
      // A copy: the chunk behind the view may hold many other objects.
      this.#waiting.shift()?.resolve(Buffer.from(content));
    }
  }

  /** False when the header has not arrived yet. A missing object is answered here. */
  #readHeader(): boolean {
    const line = this.#inbox.takeLine();
    if (line === undefined) return false;
    const size = /^\S+ \S+ ([0-9]+)$/.exec(line)?.[1];
    if (size !== undefined) this.#expected = Number(size) + 1;
    else this.#waiting.shift()?.reject(new RetryableFailure("ObjectMissing", `the mirror does not hold object ${line}`));
    return true;
  }
}

export function objectReader(directory: string, env: Readonly<Record<string, string>>): ObjectReader {
  return new BatchReader(directory, env);
}
