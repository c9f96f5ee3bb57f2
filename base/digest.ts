import { createHash } from "node:crypto";
import { canonicalJson } from "./json.ts";

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** `sha256:<hex>` of the bytes. The form every digest in a resource has. */
export function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** `sha256:<hex>` of the canonical JSON of a value: key order does not matter. */
export function digestJson(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** The first `length` characters of lower-case base32 (RFC 4648, no padding) of sha256(text): safe in every Kubernetes name. */
export function shortHash(text: string, length = 12): string {
  const bytes = createHash("sha256").update(text).digest();
  let out = "";
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      bits -= 5;
      out += BASE32[(buffer >> bits) & 31];
    }
  }
  return out;
}
