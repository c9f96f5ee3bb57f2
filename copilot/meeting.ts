import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, RetryableFailure, sleep } from "../base/index.ts";

/**
 * A container is "started" long before its program listens for SIGTERM, and a signal sent to the first process of a container
 * that does not listen is lost: a task of some milliseconds would leave its sidecar waiting for ever. So the download, which
 * ends before the task starts, waits until the sidecar has said in a directory of both that it listens.
 */
const FILE = "ready";
const LOOK_MS = 5;
const PATIENCE_MS = 120_000;

export async function sayReady(directory: string): Promise<void> {
  await writeFile(join(directory, FILE), "");
}

/** Resolves when the sidecar listens. RetryableFailure `SidecarNotReady` when it does not come. */
export async function waitForSidecar(directory: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const giveUpAt = clock.now() + PATIENCE_MS;
  const ready = () =>
    stat(join(directory, FILE)).then(
      () => true,
      () => false,
    );
  while (!(await ready())) {
    signal.throwIfAborted();
    if (clock.now() > giveUpAt) throw new RetryableFailure("SidecarNotReady", `the sidecar does not listen after ${PATIENCE_MS / 1000} s`);
    await sleep(clock, LOOK_MS, signal);
  }
}
