import { isWellFormed } from "./unicode.ts";

const MAX_BYTES = 255;

/** What of a key must not stand in a file name: `/`, `%`, NUL, and a dot at the start. */
const UNSAFE = /[/%\0]|^\./g;

/** The file name of a map key: as it is, except that `/`, `%`, NUL and a leading `.` are %XX. */
export function escapeMapKey(key: string): string {
  return key.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** The key of a file name, or undefined when a `%` is not followed by two hex digits or the bytes are not UTF-8. */
export function unescapeMapKey(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** Why a text cannot be a map key, or undefined when it can. */
export function mapKeyProblem(key: string): string | undefined {
  if (key === "") return "a map key is empty";
  if (!isWellFormed(key)) return "a map key is not well-formed Unicode";
  const bytes = new TextEncoder().encode(escapeMapKey(key)).length;
  return bytes > MAX_BYTES ? `a map key is ${bytes} bytes long as a file name; at most ${MAX_BYTES} are possible` : undefined;
}
