import { BlobError } from "./store.ts";

/** Reserved below the root of a directory store: files being written. */
export const UPLOADS = ".uploads";

/** Why a key cannot be used, or undefined. A key is relative; nothing in it may lead out of the store. */
function keyProblem(key: string): string | undefined {
  if (key === "") return "it is empty";
  if (key.includes("\\") || key.includes("\0")) return "it holds a backslash or NUL";
  const segments = key.split("/");
  if (segments.includes("")) return "it has an empty segment";
  if (segments.includes(".") || segments.includes("..")) return "it has a segment . or ..";
  return segments[0] === UPLOADS ? `${UPLOADS} is reserved` : undefined;
}

export function isKey(key: string): boolean {
  return keyProblem(key) === undefined;
}

/** Returns the key, or throws InvalidKey. */
export function checkedKey(key: string): string {
  const refusal = keyProblem(key);
  if (refusal !== undefined) throw new BlobError("InvalidKey", `object key ${JSON.stringify(key)} is not valid: ${refusal}`);
  return key;
}

/** The key of a URI below `root`, or undefined when it is not one. */
export function keyBelow(root: string, uri: string): string | undefined {
  if (!uri.startsWith(`${root}/`)) return undefined;
  const key = uri.slice(root.length + 1);
  return keyProblem(key) === undefined ? key : undefined;
}

/** The prefix as keys below it start: "" for everything, else with its slash. A trailing slash is allowed. */
export function checkedPrefix(prefix: string): string {
  const bare = prefix.replace(/\/$/, "");
  return bare === "" ? "" : `${checkedKey(bare)}/`;
}
