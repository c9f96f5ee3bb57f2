import { existsSync } from "node:fs";
import type { Clock } from "../../base/index.ts";
import { ApiError, type ObjectReader } from "../../kube/index.ts";
import { containerDirectory, logPath } from "./container-request.ts";
import { type LogFile, type PodLogOptions, readLog } from "./log-reader.ts";
import type { PodRun } from "./pod-run.ts";
import type { Pod } from "./pod-shapes.ts";

/** What the API server's log route reads from. The iteration rejects with ApiError before its first chunk when there is nothing to read. */
export interface PodLogSource {
  read(namespace: string, pod: string, container: string, options: PodLogOptions): AsyncIterable<Uint8Array>;
}

export interface PodLogSourceDeps {
  readonly clock: Clock;
  readonly pods: ObjectReader<Pod>;
  readonly nodeName: string;
  readonly directoryOf: (uid: string) => string;
  readonly runOf: (uid: string) => PodRun | undefined;
}

export function podLogSource(deps: PodLogSourceDeps): PodLogSource {
  return {
    async *read(namespace, name, container, options) {
      const pod = deps.pods.get(`${namespace}/${name}`);
      if (!pod) throw new ApiError(404, "NotFound", `pods "${name}" not found`);
      const file = deps.runOf(pod.metadata.uid)?.log(container, options.previous) ?? onDisk(pod, container, options.previous, deps);
      if (!file) throw nothingToRead(pod, container, options.previous);
      // Nothing yet, but there is something to read: a follower gets its answer before the first line is written.
      yield new Uint8Array();
      yield* readLog(file, options, deps.clock);
    },
  };
}

/** The log of a pod that ended, perhaps before this program started. */
function onDisk(pod: Pod, container: string, previous: boolean, { directoryOf }: PodLogSourceDeps): LogFile | undefined {
  const status = statusOf(pod, container);
  if (!status) return undefined;
  const number = status.restartCount - (previous || "waiting" in status.state ? 1 : 0);
  const path = logPath(containerDirectory(directoryOf(pod.metadata.uid ?? ""), container), number);
  return existsSync(path) ? { path } : undefined;
}

const statusOf = (pod: Pod, container: string) =>
  [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(({ name }) => name === container);

function nothingToRead(pod: Pod, container: string, previous: boolean): ApiError {
  const at = `container "${container}" in pod "${pod.metadata.name}"`;
  if (previous) return new ApiError(400, "BadRequest", `previous terminated ${at} not found`);
  const state = statusOf(pod, container)?.state;
  const reason = state && "waiting" in state ? state.waiting.reason : "ContainerCreating";
  return new ApiError(400, "BadRequest", `${at} is waiting to start: ${reason}`);
}
