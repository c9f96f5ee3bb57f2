import { messageOf, rfc3339 } from "../../base/index.ts";
import { CreateFailed, LaunchFailed, ProgramNotFound } from "./runtime-errors.ts";
import { ConfigError } from "./environment.ts";
import type { ContainerState } from "./pod-shapes.ts";

/** What a container that could not be started shows, and what comes of it. */
export interface StartFailure {
  readonly state: ContainerState;
  readonly event: { readonly reason: string; readonly message: string };
  /** Set when nothing has run and the same start is tried again later. */
  readonly retryMs?: number;
  /** No later attempt on this machine can end otherwise. */
  readonly programMissing?: string;
}

const RETRY_MS = 2_000;

/** Rethrows what is no fault of the container. */
export function startFailure(thrown: unknown, nowMs: number): StartFailure {
  const message = messageOf(thrown);
  const now = rfc3339(nowMs);
  const ended = (exitCode: number, reason: string): ContainerState => ({ terminated: { exitCode, reason, message, startedAt: now, finishedAt: now } });
  const failed = { reason: "Failed", message: `Error: ${message}` };
  if (thrown instanceof ConfigError) return { state: { waiting: { reason: "CreateContainerConfigError", message } }, event: failed, retryMs: RETRY_MS };
  if (thrown instanceof CreateFailed) return { state: { waiting: { reason: "CreateContainerError", message } }, event: failed, retryMs: RETRY_MS };
  if (thrown instanceof ProgramNotFound)
    return { state: ended(127, "ProgramNotFound"), event: { reason: "ProgramNotFound", message }, programMissing: message };
  if (thrown instanceof LaunchFailed) return { state: ended(128, "StartError"), event: failed };
  throw thrown;
}
