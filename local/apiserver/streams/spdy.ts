/** As much of SPDY/3.1 framing as port-forward through a WebSocket needs. Every length is checked before it is believed. */
import { constants, createInflate } from "node:zlib";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";

export type Frame =
  | { readonly kind: "open"; readonly stream: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly kind: "headers"; readonly headers: Buffer }
  | { readonly kind: "data"; readonly stream: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly kind: "reset"; readonly stream: number }
  | { readonly kind: "ping"; readonly id: number }
  | { readonly kind: "goaway" };

const TYPE = { open: 1, reply: 2, reset: 3, ping: 6, goaway: 7, headers: 8 } as const;
const FIN = 1;
const HEAD = 8;
/** What one frame may hold; clients cut their data far smaller. */
const FRAME_MAX = 4 << 20;

/** Cuts bytes into frames as they come. Throws for a frame that is too long. Frames that are of no use here are passed over. */
export function frameCutter(): (chunk: Uint8Array) => Frame[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    while (rest.length >= HEAD) {
      const length = rest.readUIntBE(5, 3);
      if (length > FRAME_MAX) throw new Error("a frame is too long");
      if (rest.length < HEAD + length) break;
      const frame = frameOf(rest.readUInt32BE(0), rest[4] ?? 0, rest.subarray(HEAD, HEAD + length));
      if (frame) frames.push(frame);
      rest = rest.subarray(HEAD + length);
    }
    return frames;
  };
}

const id = (bytes: Buffer): number => (bytes.length >= 4 ? bytes.readUInt32BE(0) & 0x7fffffff : 0);

function frameOf(word: number, flags: number, body: Buffer): Frame | undefined {
  const fin = (flags & FIN) !== 0;
  if ((word & 0x80000000) === 0) return { kind: "data", stream: word, fin, data: body };
  const type = word & 0xffff;
  if (type === TYPE.open) return { kind: "open", stream: id(body), fin, headers: body.subarray(10) };
  if (type === TYPE.headers) return { kind: "headers", headers: body.subarray(4) };
  if (type === TYPE.reset) return { kind: "reset", stream: id(body) };
  if (type === TYPE.ping) return { kind: "ping", id: body.length >= 4 ? body.readUInt32BE(0) : 0 };
  return type === TYPE.goaway ? { kind: "goaway" } : undefined;
}

function control(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE((0x80030000 | type) >>> 0);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

export function dataFrame(stream: number, data: Uint8Array, fin = false): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(stream);
  head[4] = fin ? FIN : 0;
  head.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([head, data]);
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

export const pingFrame = (ping: number): Buffer => control(TYPE.ping, number(ping));

const REFUSED = 3;
export const resetFrame = (stream: number): Buffer => control(TYPE.reset, Buffer.concat([number(stream), number(REFUSED)]));

/** Answers that open a stream, without headers: all of one connection share one compressed stream, which a block stored as it is needs no compressor for. */
export function replies(): (stream: number) => Buffer {
  // Zero headers, and the empty block that makes a reader hand out what it has.
  const block = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
  let first = true;
  return (stream) => {
    const begin = first ? Buffer.from([0x78, 0x01]) : Buffer.alloc(0);
    first = false;
    return control(TYPE.reply, Buffer.concat([number(stream), begin, block]));
  };
}

/** Header blocks of one connection, each after the one before: they share one compressed stream. Rejects when they are broken. */
export function headerReader(): (block: Buffer) => Promise<ReadonlyMap<string, string>> {
  const inflate = createInflate({ dictionary: SPDY_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });
  return (block) =>
    new Promise((resolve, reject) => {
      inflate.once("error", reject);
      inflate.write(block, (error) => {
        inflate.off("error", reject);
        if (error) return reject(error);
        const parts: Buffer[] = [];
        for (let part: unknown = inflate.read(); part !== null; part = inflate.read()) parts.push(part as Buffer);
        resolve(headersOf(Buffer.concat(parts)));
      });
    });
}

const HEADERS_MAX = 64;

function headersOf(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  const take = (): string => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const text = bytes.toString("utf8", at + 4, Math.min(bytes.length, at + 4 + length));
    at += 4 + length;
    return text;
  };
  const count = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  at = 4;
  for (let index = 0; index < Math.min(count, HEADERS_MAX); index++) {
    const name = take();
    headers.set(name.toLowerCase(), take());
  }
  return headers;
}
