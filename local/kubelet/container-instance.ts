import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type Clock, rfc3339 } from "../../base/index.ts";
import { containerLog, type ContainerLog } from "./container-log.ts";
import { containerRequest, type Instance, logPath, type RequestDeps } from "./container-request.ts";
import type { ContainerExit, ContainerRuntime, RunningContainer } from "./container-runtime.ts";
import { logTail } from "./log-reader.ts";
import type { Container, Terminated } from "./pod-shapes.ts";

export interface InstanceDeps extends RequestDeps {
  readonly clock: Clock;
  readonly logBytes: number;
}

/** One start of a container, until its end. */
export interface ContainerInstance {
  /** As `containerID` says it. */
  readonly id: string;
  readonly imageId: string;
  readonly startedAt: string;
  readonly running: RunningContainer;
  readonly log: ContainerLog;
  /** Resolves when every process of the container is gone and its log is complete. */
  readonly ended: Promise<Terminated>;
}

/** Rejects as `containerRequest` and `ContainerRuntime.start` do. */
export async function startInstance(runtime: ContainerRuntime, instance: Instance, deps: InstanceDeps): Promise<ContainerInstance> {
  const request = await containerRequest(instance, deps);
  const { directories } = request;
  const log = containerLog({ path: logPath(directories.base, instance.number), clock: deps.clock, maxBytes: deps.logBytes });
  try {
    const running = await runtime.start({ ...request, output: log });
    const id = `${runtime.scheme}://${running.id}`;
    const startedAt = rfc3339(deps.clock.now());
    const ended = running.exited.then(async (exit) => {
      log.close();
      const message = await terminationMessage(instance.container, directories.terminationLog, log.path, exit.exitCode);
      const times = { startedAt, finishedAt: rfc3339(deps.clock.now()) };
      return { exitCode: exit.exitCode, reason: reasonOf(exit), ...(message === "" ? {} : { message }), ...times, containerID: id };
    });
    return { id, imageId: running.imageId, startedAt, running, log, ended };
  } catch (thrown) {
    log.close();
    throw thrown;
  }
}

function reasonOf({ outOfMemory, exitCode }: ContainerExit): string {
  if (outOfMemory) return "OOMKilled";
  return exitCode === 0 ? "Completed" : "Error";
}

const MESSAGE_MAX = 4_096;

async function terminationMessage(container: Container, file: string, logFile: string, exitCode: number): Promise<string> {
  const written = head(file, MESSAGE_MAX);
  if (written !== "" || exitCode === 0 || container.terminationMessagePolicy !== "FallbackToLogsOnError") return written;
  return logTail(logFile);
}

/** A container may be able to put anything in place of the file: a link is not followed, a fifo not waited for. */
function head(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return ""; // not the file we made
  }
  try {
    if (!fstatSync(file).isFile()) return "";
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0)).toString("utf8");
  } finally {
    closeSync(file);
  }
}
