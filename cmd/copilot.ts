import { openBlobStore, remoteDataOpener } from "../blobs/index.ts";
import { copilotMain } from "../copilot/index.ts";
import { jsonLogger, systemClock, systemRandom } from "./system.ts";

/** `flyteops copilot download|sidecar …`, the program of the containers beside the user's. */
export function runCopilot(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => stop.abort(name));
  // Credentials come by the environment only: arguments are seen by whoever may read pods.
  const storage = { clock: systemClock, random: systemRandom, environment: process.env };
  return copilotMain(argv, {
    clock: systemClock,
    random: systemRandom,
    logger: jsonLogger((line) => void process.stderr.write(line), "error"),
    openStore: (root) => openBlobStore(root, storage),
    openRemote: remoteDataOpener(storage),
    stop: stop.signal,
    complain: (line) => void process.stderr.write(`${line}\n`),
  });
}
