import { connect as dial } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/index.ts";
import { ApiError, type ObjectReader } from "../../kube/index.ts";
import { LaunchFailed } from "./runtime-errors.ts";
import type { ExecRequest, RunningContainer } from "./container-runtime.ts";
import { readLog } from "./log-reader.ts";
import type { PodRun } from "./pod-run.ts";
import { isFinished, type Pod } from "./pod-shapes.ts";

/** Where the API server's exec, attach and port-forward lead. Each rejects with ApiError when there is nothing to lead to. */
export interface PodStreams {
  /** Resolves with the exit code of the command. */
  exec(namespace: string, pod: string, container: string, request: ExecRequest): Promise<number>;
  /** Output of the container from now to its end. */
  attach(namespace: string, pod: string, container: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** A connection to a port of the pod. */
  connect(namespace: string, pod: string, port: number): Promise<Duplex>;
}

export interface PodStreamsDeps {
  readonly clock: Clock;
  readonly pods: ObjectReader<Pod>;
  readonly runOf: (uid: string) => PodRun | undefined;
}

/** Containers of a pod listen on the loopback address of this machine. */
const HOST = "127.0.0.1";

export function podStreams({ clock, pods, runOf }: PodStreamsDeps): PodStreams {
  function podOf(namespace: string, name: string): Pod {
    const pod = pods.get(`${namespace}/${name}`);
    if (!pod) throw new ApiError(404, "NotFound", `pods "${name}" not found`);
    return pod;
  }

  function runningOf(namespace: string, name: string, container: string): { readonly run: PodRun; readonly running: RunningContainer } {
    const pod = podOf(namespace, name);
    if (isFinished(pod)) throw new ApiError(500, "BadRequest", `cannot exec into a container in a completed pod; current phase is ${pod.status?.phase}`);
    const run = runOf(pod.metadata.uid ?? "");
    const running = run?.running(container);
    if (!run || !running) throw new ApiError(500, "InternalError", `container not found ("${container}")`);
    return { run, running };
  }

  return {
    async exec(namespace, name, container, request) {
      const { running } = runningOf(namespace, name, container);
      try {
        return await running.exec(request);
      } catch (thrown) {
        if (thrown instanceof LaunchFailed) throw new ApiError(500, "InternalError", `error executing command in container: ${thrown.message}`);
        throw thrown;
      }
    },
    async *attach(namespace, name, container, signal) {
      const { run } = runningOf(namespace, name, container);
      const log = run.log(container, false);
      if (log) yield* readLog(log, { follow: true, previous: false, timestamps: false, tailLines: 0, signal }, clock);
    },
    async connect(namespace, name, port) {
      const pod = podOf(namespace, name);
      if (pod.status?.phase !== "Running")
        throw new ApiError(500, "InternalError", `unable to forward port because pod is not running. Current status=${pod.status?.phase}`);
      return new Promise((resolve, reject) => {
        // Half open, as connections are in a cluster: a client that has said everything still hears the answer.
        const socket = dial({ host: HOST, port, allowHalfOpen: true });
        const refused = (error: Error) => reject(new ApiError(500, "InternalError", `error forwarding port ${port} to pod ${name}: ${error.message}`));
        socket.once("error", refused);
        socket.once("connect", () => {
          socket.off("error", refused);
          resolve(socket);
        });
      });
    },
  };
}
