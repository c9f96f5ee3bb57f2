const MAX_BYTES = 128;

/** Manager name of a request without `fieldManager`: the user agent up to the first `/`, printable, at most 128 bytes. */
export function defaultManager(userAgent: string | undefined): string {
  let name = "";
  for (const character of (userAgent ?? "").split("/", 1)[0] ?? "") {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) continue;
    if (Buffer.byteLength(name) + Buffer.byteLength(character) > MAX_BYTES) break;
    name += character;
  }
  return name;
}
