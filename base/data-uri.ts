/** Stores that data given as `{uri: …}` can be read from. */
const SCHEMES = ["file"];
const MAX_URI_BYTES = 1024;

/** A URI as it is compared: without slashes at its end. */
export function normalUri(uri: string): string {
  return uri.replace(/\/+$/, "");
}

export interface UriProblem {
  readonly code: "UnsupportedStore" | "InvalidValue";
  readonly message: string;
}

/**
 * Why a URI cannot name data that flyteops does not own, or undefined when it can. The path is taken as it is written: nothing in it
 * is decoded, and nothing in it may lead upwards, so that comparing it with a prefix means something.
 */
export function dataUriProblem(uri: string): UriProblem | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
  const invalid = (message: string): UriProblem => ({ code: "InvalidValue", message: `${JSON.stringify(uri.slice(0, 200))} ${message}` });
  if (scheme === undefined) return invalid("is no URI such as file:///data/raw/x.csv");
  if (!SCHEMES.includes(scheme)) {
    const known = SCHEMES.map((one) => `${one}://`).join(", ");
    return { code: "UnsupportedStore", message: `data at ${scheme}:// cannot be read yet: only ${known} can` };
  }
  if (new TextEncoder().encode(uri).length > MAX_URI_BYTES) return invalid(`is longer than ${MAX_URI_BYTES} bytes`);
  const path = normalUri(uri).slice(scheme.length + 3);
  if (/[\x00-\x1f\x7f\\]/.test(path)) return invalid("holds a backslash or control character");
  const [host, ...segments] = path.split("/");
  if (host !== "") return invalid("names a host: write three slashes, file:///");
  if (segments.length === 0) return invalid("names the whole machine");
  return segments.some((segment) => ["", ".", ".."].includes(segment)) ? invalid("has an empty segment, . or ..: write the path in full") : undefined;
}

/** Whether a URI is one of the prefixes or lies below one, segment by segment. A prefix that is no valid URI allows nothing. */
export function isBelowPrefix(uri: string, prefixes: readonly string[]): boolean {
  if (dataUriProblem(uri) !== undefined) return false;
  const wanted = normalUri(uri);
  return prefixes.some((prefix) => {
    const allowed = normalUri(prefix);
    return dataUriProblem(allowed) === undefined && (wanted === allowed || wanted.startsWith(`${allowed}/`));
  });
}

/** Why data may not be read although its URI is well formed, or undefined; says which field to change. */
export function prefixProblem(uri: string, prefixes: readonly string[], project: string): string | undefined {
  if (isBelowPrefix(uri, prefixes)) return undefined;
  const list = prefixes.length === 0 ? "names no prefix" : `allows only ${prefixes.join(", ")}`;
  return `${uri} may not be read: spec.dataPrefixes of Project ${project} ${list}; add a prefix there, or put the file in the repository and write {file: …}`;
}
