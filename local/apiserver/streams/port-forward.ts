import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { messageOf } from "../../../base/index.ts";
import { sendOn } from "./channels.ts";
import { serveSpdyForward } from "./spdy-forward.ts";

/** kubectl 1.31 and newer tunnel SPDY; other clients use two channels for each port. */
export const FORWARD_PROTOCOLS = ["SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io"] as const;

export type Connect = (port: number) => Promise<Duplex>;

/** Resolves when the client has gone. */
export async function serveForward(socket: WebSocket, protocol: string, ports: readonly number[], connect: Connect): Promise<void> {
  if (protocol === FORWARD_PROTOCOLS[0]) return serveSpdyForward(socket, connect);
  socket.pause();
  const pods = await Promise.all(ports.map((port, index) => forwardChannel(socket, port, index, connect)));
  socket.on("message", (data: Buffer) => pods[(data[0] ?? 0) >> 1]?.write(data.subarray(1)));
  socket.resume();
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  for (const pod of pods) pod?.destroy();
}

/** Channel 2n carries the data of the n-th port, 2n+1 its error; each begins with the number of the port. */
async function forwardChannel(socket: WebSocket, port: number, index: number, connect: Connect): Promise<Duplex | undefined> {
  const data = index * 2;
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port & 0xffff);
  for (const channel of [data, data + 1]) void sendOn(socket, channel, number);
  const fail = (thrown: unknown) => void sendOn(socket, data + 1, Buffer.from(messageOf(thrown)));
  try {
    const pod = await connect(port);
    pod.on("data", (chunk: Buffer) => {
      const wait = sendOn(socket, data, chunk);
      if (!wait) return;
      pod.pause();
      void wait.then(() => pod.resume());
    });
    pod.on("error", fail);
    pod.on("end", () => socket.close(1000));
    return pod;
  } catch (thrown) {
    fail(thrown);
    return undefined;
  }
}
