import type { WebSocket } from "ws";
import type { ApiStatus } from "../../../kube/index.ts";
import type { PodStreams } from "../pod-streams.ts";
import { statusOf } from "../status.ts";
import { CHANNEL, incoming, sendOn } from "./channels.ts";

/** Newest first. */
export const COMMAND_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

export interface CommandTarget {
  readonly streams: PodStreams;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface CommandOptions {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Runs a command in a container for a client. Resolves when the client has been told its end. */
export async function serveExec(socket: WebSocket, { streams, namespace, pod, container }: CommandTarget, options: CommandOptions): Promise<void> {
  const gone = goneOf(socket);
  const { stdin, onResize } = incoming(socket);
  const send = (channel: number, wanted: boolean) => (chunk: Uint8Array) => (wanted ? sendOn(socket, channel, chunk) : undefined);
  const output = { stdout: send(CHANNEL.stdout, options.stdout), stderr: send(CHANNEL.stderr, options.stderr) };
  await conclude(socket, async () => {
    const terminal = options.tty ? { onResize } : undefined;
    const request = { command: options.command, stdin: options.stdin ? stdin : undefined, terminal, output, signal: gone };
    return exitStatus(await streams.exec(namespace, pod, container, request));
  });
}

/** Shows the output of a container from now on. */
export async function serveAttach(socket: WebSocket, { streams, namespace, pod, container }: CommandTarget): Promise<void> {
  await conclude(socket, async () => {
    for await (const chunk of streams.attach(namespace, pod, container, goneOf(socket))) await sendOn(socket, CHANNEL.stdout, chunk);
    return SUCCESS;
  });
}

function goneOf(socket: WebSocket): AbortSignal {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  return gone.signal;
}

const SUCCESS = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };

/** As the kubelet tells a command's end. */
function exitStatus(exitCode: number): object {
  if (exitCode === 0) return SUCCESS;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

async function conclude(socket: WebSocket, work: () => Promise<object>): Promise<void> {
  let status: object | ApiStatus;
  try {
    status = await work();
  } catch (thrown) {
    status = statusOf(thrown);
  }
  await sendOn(socket, CHANNEL.error, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
}
