import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { messageOf } from "../../../base/index.ts";
import { dataFrame, type Frame, frameCutter, headerReader, pingFrame, replies, resetFrame } from "./spdy.ts";

/** One forwarded connection: kubectl opens a stream for its error and one for its data. */
interface Forward {
  readonly error: number;
  pod: Duplex | undefined;
}

/** What may wait in the socket before a pod is asked to wait. */
const BUFFERED_MAX = 1 << 20;
const NOTHING = new Uint8Array();

/** Serves kubectl's port-forward: SPDY frames in the messages of a WebSocket. Resolves when the client has gone. */
export async function serveSpdyForward(socket: WebSocket, connect: (port: number) => Promise<Duplex>): Promise<void> {
  const cut = frameCutter();
  const readHeaders = headerReader();
  const reply = replies();
  /** Streams for errors by the request they belong to, and connections by their data stream. */
  const errors = new Map<string, number>();
  const forwards = new Map<number, Forward>();
  const send = (bytes: Uint8Array) => socket.send(bytes, () => undefined);

  function finish(stream: number, problem = ""): void {
    const forward = forwards.get(stream);
    if (!forward) return;
    forwards.delete(stream);
    forward.pod?.destroy();
    send(dataFrame(stream, NOTHING, true));
    send(dataFrame(forward.error, Buffer.from(problem), true));
  }

  async function open(stream: number, block: Buffer): Promise<void> {
    const headers = await readHeaders(block);
    const request = headers.get("requestid") ?? "";
    send(reply(stream));
    if (headers.get("streamtype") === "error") return void errors.set(request, stream);
    const error = errors.get(request);
    errors.delete(request);
    if (error === undefined || headers.get("streamtype") !== "data") return send(resetFrame(stream));
    const forward: Forward = { error, pod: undefined };
    forwards.set(stream, forward);
    try {
      const pod = await connect(Number(headers.get("port")));
      if (!forwards.has(stream)) return void pod.destroy();
      forward.pod = pod;
      pipe(pod, stream);
    } catch (thrown) {
      finish(stream, messageOf(thrown));
    }
  }

  function pipe(pod: Duplex, stream: number): void {
    pod.on("data", (chunk: Buffer) => {
      if (socket.bufferedAmount < BUFFERED_MAX) return send(dataFrame(stream, chunk));
      pod.pause();
      socket.send(dataFrame(stream, chunk), () => pod.resume());
    });
    pod.on("end", () => finish(stream));
    pod.on("error", (error) => finish(stream, error.message));
  }

  async function take(frame: Frame): Promise<void> {
    if (frame.kind === "open") return open(frame.stream, frame.headers);
    if (frame.kind === "headers") return void (await readHeaders(frame.headers));
    if (frame.kind === "ping") return send(pingFrame(frame.id));
    if (frame.kind === "reset") return finish(frame.stream);
    if (frame.kind === "goaway") return socket.close(1000);
    const pod = forwards.get(frame.stream)?.pod;
    if (frame.data.length > 0 && pod && !pod.write(frame.data)) await drained(pod);
    if (frame.fin) pod?.end();
  }

  // One after the other: header blocks share a compressed stream, and a full pod holds the client back.
  let work = Promise.resolve();
  let waiting = 0;
  socket.on("message", (data: Buffer) => {
    waiting += 1;
    socket.pause();
    work = work
      .then(() => takeAll(cut(data), take))
      .catch(() => socket.close(1002))
      .finally(() => {
        waiting -= 1;
        if (waiting === 0) socket.resume();
      });
  });
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  for (const { pod } of forwards.values()) pod?.destroy();
}

async function takeAll(frames: readonly Frame[], take: (frame: Frame) => Promise<void>): Promise<void> {
  for (const frame of frames) await take(frame);
}

function drained(pod: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      pod.off("drain", settle).off("close", settle);
      resolve();
    };
    pod.on("drain", settle).on("close", settle);
  });
}
