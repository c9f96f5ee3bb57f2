import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one benchmark has opened: ended in reverse order when it is done, whether it succeeded or not. */
export interface Scratch {
  directory(name: string): Promise<string>;
  defer(end: () => Promise<unknown>): void;
}

/** Runs `work` and ends everything it opened, also when the signal aborts in the middle. */
export async function withScratch<T>(interrupted: AbortSignal, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const ends: (() => Promise<unknown>)[] = [];
  const scratch: Scratch = {
    async directory(name) {
      const path = await mkdtemp(join(tmpdir(), `flyteops-bench-${name}-`));
      // PostgreSQL may run as another user, who must get through.
      ends.push(() => rm(path, { recursive: true, force: true }));
      return path;
    },
    defer: (end) => void ends.push(end),
  };
  const interruption = new Promise<never>((_, reject) => {
    interrupted.addEventListener("abort", () => reject(new Error("interrupted")), { once: true });
  });
  try {
    return await Promise.race([work(scratch), interruption]);
  } finally {
    for (const end of ends.reverse()) await end().catch((thrown: unknown) => process.stderr.write(`bench: while cleaning up: ${String(thrown)}\n`));
  }
}
