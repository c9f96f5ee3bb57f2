import { type Clock, type Logger, messageOf, type Random, RetryableFailure, STORE_DENIED_EXIT, TerminalFailure } from "../base/index.ts";
import type { BlobStore, OpenRemoteData } from "../blobs/index.ts";
import { type CopilotArguments, copilotArguments, type DownloadArguments, type SidecarArguments, USAGE } from "./args.ts";
import { download } from "./download.ts";
import { STORE_DENIED, systemError } from "./failure.ts";
import { sayReady, waitForSidecar } from "./meeting.ts";
import { type AttemptError, writeResult } from "./result.ts";
import type { RetryDeps } from "./retry.ts";
import { keyOf, uploadOutputs, waitForTask } from "./sidecar.ts";

export interface CopilotDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly openStore: (rootUri: string) => BlobStore;
  /** Data that lies elsewhere, below the prefixes of `--remote`. */
  readonly openRemote: OpenRemoteData;
  /** Aborts on SIGTERM or SIGINT: the end of the task for the sidecar, a reason to stop for the download. */
  readonly stop: AbortSignal;
  /** One line for standard error, without the newline. */
  readonly complain: (line: string) => void;
}

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** How long the last words (error.pb, result.json) may take when the deadline has passed. */
const LAST_WORDS_MS = 15_000;

/**
 * `flyteops copilot …`: argv are the words after `copilot`. Resolves with the exit code: 0 done, 1 failed (one sentence on standard
 * error, error.pb and result.json in the store), 2 wrong arguments, 77 the store does not let it in. Never rejects.
 */
export async function copilotMain(argv: readonly string[], deps: CopilotDeps): Promise<number> {
  try {
    const args = copilotArguments(argv);
    const error = await (args.command === "download" ? runDownload(args, deps) : runSidecar(args, deps));
    if (error === undefined) return EXIT_OK;
    deps.complain(`flyteops copilot ${args.command}: ${error.code}: ${error.message.replaceAll("\n", " ")}`);
    return error.code === STORE_DENIED ? STORE_DENIED_EXIT : EXIT_FAILED;
  } catch (thrown) {
    const usage = thrown instanceof TerminalFailure && thrown.reason === "BadArguments";
    deps.complain(`flyteops copilot: ${messageOf(thrown)}${usage ? `\n${USAGE}` : ""}`);
    return usage ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** Runs `work` with a signal that aborts after `timeoutMs` or with `stop`; whatever `work` still waits for is given up then. */
async function withDeadline<T>(clock: Clock, timeoutMs: number, stop: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (reason: Error) => () => controller.abort(reason);
  const cancel = clock.after(timeoutMs, abort(new RetryableFailure("DeadlineExceeded", `not done after ${Math.round(timeoutMs / 1000)} s`)));
  const interrupted = abort(new RetryableFailure("Interrupted", "asked to stop"));
  if (stop?.aborted) interrupted();
  stop?.addEventListener("abort", interrupted, { once: true });
  const aborted = new Promise<never>((_, reject) =>
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error), { once: true }),
  );
  try {
    controller.signal.throwIfAborted();
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    cancel();
    stop?.removeEventListener("abort", interrupted);
  }
}

async function runDownload(args: DownloadArguments, deps: CopilotDeps): Promise<AttemptError | undefined> {
  const store = deps.openStore(args.storage);
  keyOf(store, args.prefix);
  try {
    await withDeadline(deps.clock, args.timeoutMs, deps.stop, async (signal) => {
      await download(args, { store, remote: deps.openRemote(args.remote, [args.storage]) }, deps, signal);
      if (args.meet !== undefined) await waitForSidecar(args.meet, deps.clock, signal);
    });
    return undefined;
  } catch (thrown) {
    return lastWords(args, store, deps, systemError("InputDownloadFailed", thrown));
  }
}

async function runSidecar(args: SidecarArguments, deps: CopilotDeps): Promise<AttemptError | undefined> {
  const store = deps.openStore(args.storage);
  try {
    if (args.meet !== undefined) await sayReady(args.meet);
    await waitForTask(args, store, deps, deps.stop);
    const result = await withDeadline(deps.clock, args.timeoutMs, undefined, (signal) =>
      uploadOutputs(args, { store, remote: deps.openRemote(args.remote, [args.storage]) }, deps, signal),
    );
    return result.error;
  } catch (thrown) {
    return lastWords(args, store, deps, systemError("OutputUploadFailed", thrown));
  }
}

/** Says in the store why there is no result, as far as the store still answers. */
async function lastWords(args: CopilotArguments, store: BlobStore, deps: RetryDeps, error: AttemptError): Promise<AttemptError> {
  const stage = args.command === "download" ? ({ stage: "download" } as const) : {};
  try {
    await withDeadline(deps.clock, LAST_WORDS_MS, undefined, () =>
      writeResult(store, keyOf(store, args.prefix), { outcome: "Failed", error, ...stage, warnings: [], files: 0, bytes: 0 }),
    );
    return error;
  } catch (thrown) {
    return { ...error, message: `${error.message} (and this could not be written to the store: ${messageOf(thrown)})` };
  }
}
