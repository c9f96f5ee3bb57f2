/** A watcher that leaves this many events unread is cut off; it can resume from its last resourceVersion. */
const MAX_WAITING = 16_384;
/** Frames are handed out in pieces of about this many bytes. */
const PIECE = 256 * 1024;

/** A bounded queue between the store and one reader. A reader that does not keep up is ended, and harms nobody. */
export interface FrameQueue {
  push(frame: Buffer): void;
  /** Nothing more will come; what is queued is still read, then `last` if given. */
  end(last?: Buffer): void;
  /** Called once, when the queue ends or its reader leaves. */
  onEnd(clean: () => void): void;
  /** What to read: `first`, made while reading, then everything pushed. To be iterated once. */
  frames(first: Iterable<Buffer>): AsyncIterable<Uint8Array>;
}

function* pieces(frames: Iterable<Buffer>): Generator<Buffer> {
  let piece: Buffer[] = [];
  let bytes = 0;
  for (const frame of frames) {
    piece.push(frame);
    bytes += frame.byteLength;
    if (bytes < PIECE) continue;
    yield Buffer.concat(piece);
    piece = [];
    bytes = 0;
  }
  if (piece.length > 0) yield piece.length === 1 ? piece[0]! : Buffer.concat(piece);
}

export function frameQueue(): FrameQueue {
  let waiting: Buffer[] = [];
  let ended = false;
  let wake = () => {};
  let clean: (() => void) | undefined;
  const end = (last?: Buffer): void => {
    if (ended) return;
    ended = true;
    if (last) waiting.push(last);
    clean?.();
    wake();
  };
  async function* frames(first: Iterable<Buffer>): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces(first);
      for (;;) {
        const ready = waiting;
        waiting = [];
        if (ready.length > 0) yield* pieces(ready);
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      end();
    }
  }
  return {
    push(frame) {
      if (ended) return;
      waiting.push(frame);
      if (waiting.length > MAX_WAITING) end();
      wake();
    },
    end,
    onEnd(act) {
      clean = act;
      if (ended) act();
    },
    frames,
  };
}
