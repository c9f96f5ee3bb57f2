const LONE_SURROGATE = /\p{Surrogate}/u;

/** False for a text with half a surrogate pair: UTF-8 cannot hold it. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The text of strictly valid UTF-8, or undefined. A byte order mark is kept: it is part of the value. */
export function decodeUtf8(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
