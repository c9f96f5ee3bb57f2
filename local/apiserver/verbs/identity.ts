import type { Random } from "../../../base/index.ts";

const SUFFIX = "bcdfghjklmnpqrstvwxz2456789";

/** A version 4 UUID drawn from the port. */
export function uuid(random: Random): string {
  const bytes = Buffer.alloc(16);
  for (let at = 0; at < 16; at += 4) bytes.writeUInt32BE(Math.floor(random.next() * 0x1_0000_0000), at);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `generateName` with five characters of chance, cut so that the whole fits into 63. */
export function generatedName(prefix: string, random: Random): string {
  let suffix = "";
  for (let count = 0; count < 5; count++) suffix += SUFFIX[Math.floor(random.next() * SUFFIX.length)];
  return prefix.slice(0, 58) + suffix;
}
