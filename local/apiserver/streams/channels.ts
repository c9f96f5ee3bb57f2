import type { WebSocket } from "ws";

/** First byte of each message of `v4.channel.k8s.io` and `v5.channel.k8s.io`. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
/** In v5: the channel named by the next byte is at its end. */
const END = 255;

/** What may wait in a socket before whoever writes is asked to wait. */
const BUFFERED_MAX = 1 << 20;
/** What may wait for whoever reads before the socket is asked to wait. */
const QUEUED_MAX = 64;

/** Sends one message. A promise asks to wait before the next. */
export function sendOn(socket: WebSocket, channel: number, chunk: Uint8Array): void | Promise<void> {
  const message = Buffer.concat([Buffer.from([channel]), chunk]);
  if (socket.bufferedAmount < BUFFERED_MAX) return socket.send(message, ignoreLoss);
  return new Promise((resolve) => socket.send(message, () => resolve()));
}

/** The other side is gone: its `close` says so. */
function ignoreLoss(): void {}

export interface Incoming {
  readonly stdin: AsyncIterable<Uint8Array>;
  onResize(listener: (columns: number, rows: number) => void): void;
}

/** What a client sends, taken apart by channel from now on. */
export function incoming(socket: WebSocket): Incoming {
  const queue: Uint8Array[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  let size: readonly [number, number] | undefined;
  let resized: ((columns: number, rows: number) => void) | undefined;

  const end = () => {
    ended = true;
    wake();
  };
  socket.on("close", end);
  socket.on("message", (data: Buffer) => {
    const [channel = -1] = data;
    const chunk = data.subarray(1);
    if (channel === END && chunk[0] === CHANNEL.stdin) return end();
    if (channel === CHANNEL.resize) {
      size = sizeOf(chunk) ?? size;
      if (size) resized?.(...size);
    }
    if (channel !== CHANNEL.stdin || chunk.length === 0) return;
    queue.push(chunk);
    if (queue.length > QUEUED_MAX) socket.pause();
    wake();
  });

  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = queue.shift();
      if (chunk) {
        if (queue.length === 0 && socket.isPaused) socket.resume();
        yield chunk;
      } else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    stdin: chunks(),
    onResize(listener) {
      resized = listener;
      if (size) listener(...size);
    },
  };
}

function sizeOf(chunk: Uint8Array): readonly [number, number] | undefined {
  try {
    const { Width, Height } = JSON.parse(Buffer.from(chunk).toString("utf8")) as { Width?: unknown; Height?: unknown };
    return isSize(Width) && isSize(Height) ? [Width, Height] : undefined;
  } catch {
    return undefined; // not a size
  }
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
