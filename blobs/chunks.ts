/** Size of the buffers that move between memory and a store. */
export const CHUNK_BYTES = 1 << 20;

/** The same bytes in pieces of at least `size` (the last may be smaller), so that a source of tiny pieces is not written one by one. */
export async function* inChunks(source: AsyncIterable<Uint8Array>, size = CHUNK_BYTES): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    pending.push(piece);
    length += piece.length;
    if (length < size) continue;
    yield pending.length === 1 ? piece : Buffer.concat(pending);
    pending = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(pending);
}

/** The bytes of a source that must not exceed `maxBytes`; undefined when it does. */
export async function collect(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    length += piece.length;
    if (length > maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
