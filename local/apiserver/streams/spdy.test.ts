import assert from "node:assert/strict";
import { createDeflate, createInflate, constants } from "node:zlib";
import fc from "fast-check";
import { dataFrame, frameCutter, headerReader, pingFrame, replies, resetFrame } from "./spdy.ts";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";

function block(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const count = Buffer.alloc(4);
  count.writeUInt32BE(Object.keys(headers).length);
  return Buffer.concat([count, ...Object.entries(headers).flatMap(([name, value]) => [text(name), text(value)])]);
}

describe("SPDY in a tunnel", () => {
  it("knows the dictionary of the specification", () => {
    assert.equal(SPDY_DICTIONARY.length, 1423);
  });

  it("cuts frames out of a stream, however it arrives", () => {
    const data = fc.uint8Array({ maxLength: 50 });
    fc.assert(
      fc.property(fc.array(data, { maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (chunks, step) => {
        const bytes = Buffer.concat(chunks.flatMap((chunk, index) => [dataFrame(index + 1, chunk, index % 2 === 0), pingFrame(index), resetFrame(9)]));
        const cut = frameCutter();
        const frames = [];
        for (let at = 0; at < bytes.length; at += step) frames.push(...cut(bytes.subarray(at, at + step)));
        const wanted = chunks.flatMap((chunk, index) => [
          { kind: "data", stream: index + 1, fin: index % 2 === 0, data: Buffer.from(chunk) },
          { kind: "ping", id: index },
          { kind: "reset", stream: 9 },
        ]);
        assert.deepEqual(frames, wanted);
      }),
      { numRuns: 50 },
    );
  });

  it("takes anything without losing its balance, but for a frame that is too long", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          frameCutter()(bytes);
        } catch (thrown) {
          assert.match(String(thrown), /too long/);
        }
      }),
    );
  });

  it("reads header blocks that share a compressed stream, and refuses broken ones", async () => {
    const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
    const pack = (headers: Readonly<Record<string, string>>) =>
      new Promise<Buffer>((resolve) => {
        deflate.write(block(headers));
        deflate.flush(constants.Z_SYNC_FLUSH, () => resolve((deflate.read() as Buffer | null) ?? Buffer.alloc(0)));
      });
    const read = headerReader();
    for (const requestid of ["0", "1"]) {
      const headers = { streamtype: "data", port: "80", requestid };
      assert.deepEqual(Object.fromEntries(await read(await pack(headers))), headers);
    }
    await assert.rejects(headerReader()(Buffer.from("no compressed stream")));
  });

  it("answers without headers, in one compressed stream for the whole connection", async () => {
    const reply = replies();
    const inflate = createInflate();
    for (const stream of [1, 3]) {
      const frame = reply(stream);
      assert.deepEqual([frame.readUInt32BE(0), frame.readUInt32BE(8)], [0x80030002, stream]);
      await new Promise((resolve) => inflate.write(frame.subarray(12), resolve));
      assert.deepEqual(inflate.read(), Buffer.alloc(4));
    }
  });
});
