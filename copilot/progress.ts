import { type Logger, messageOf, sleep } from "../base/index.ts";
import { ATTEMPT_FILES, type BlobStore } from "../blobs/index.ts";
import type { RetryDeps } from "./retry.ts";
import type { SafeTree } from "./safe-tree.ts";

const EVERY_MS = 2_000;
const MAX_READ_BYTES = 64 * 1024;
const MAX_CHARACTERS = 200;

/** The last line that is not empty, short enough for a status. */
export function progressLine(text: string): string {
  const line = text
    .split("\n")
    .map((one) => one.trim())
    .findLast((one) => one !== "");
  return (line ?? "").slice(0, MAX_CHARACTERS);
}

/**
 * Until the signal aborts, passes what the task writes into `.progress` on to `<prefix>/progress`. Best effort: nothing here may
 * disturb the attempt, so what cannot be read or written is tried again later.
 */
export async function followProgress(
  tree: SafeTree,
  store: BlobStore,
  prefixKey: string,
  deps: RetryDeps & { readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  let last = "";
  while (!signal.aborted) {
    try {
      const data = (await tree.kind([".progress"])) === "file" ? await tree.read([".progress"], MAX_READ_BYTES) : undefined;
      const line = data === undefined || data === "too large" ? last : progressLine(Buffer.from(data).toString());
      if (line !== last) await store.write(`${prefixKey}/${ATTEMPT_FILES.progress}`, line);
      last = line;
    } catch (thrown) {
      deps.logger.debug("progress not passed on", { reason: messageOf(thrown) });
    }
    await sleep(deps.clock, EVERY_MS, signal);
  }
}
