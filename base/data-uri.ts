/** How buckets and containers are written in the URIs of object stores. */
export const BUCKETS = {
  s3: { form: "s3://bucket/path", host: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/ },
  gs: { form: "gs://bucket/path", host: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/ },
  abfs: { form: "abfs://container@account/path", host: /^((?=[^@]{3,63}@)[a-z0-9](?:-?[a-z0-9])*|\$web|\$root)@[a-z0-9]{3,24}$/ },
} as const;

export type BucketScheme = keyof typeof BUCKETS;

const isBucketScheme = (scheme: string): scheme is BucketScheme => Object.hasOwn(BUCKETS, scheme);
const MAX_PATH_BYTES = 1024;

/** A URI as it is compared: without slashes at its end. */
export function normalUri(uri: string): string {
  return uri.replace(/\/+$/, "");
}

export interface UriProblem {
  readonly code: "UnsupportedStore" | "InvalidValue";
  readonly message: string;
}

function hostProblem(scheme: string, host: string): string | undefined {
  if (isBucketScheme(scheme)) return BUCKETS[scheme].host.test(host) ? undefined : `does not name a bucket as ${BUCKETS[scheme].form} does`;
  return host === "" ? undefined : "names a host: write three slashes, file:///";
}

function pathProblem(scheme: string, segments: readonly string[]): string | undefined {
  if (segments.length === 0) return scheme === "file" ? "names the whole machine" : undefined;
  if (segments.some((segment) => ["", ".", ".."].includes(segment))) return "has an empty segment, . or ..: write the path in full";
  return new TextEncoder().encode(segments.join("/")).length > MAX_PATH_BYTES ? `has a path longer than ${MAX_PATH_BYTES} bytes` : undefined;
}

/**
 * Why a URI cannot name data that flyteops does not own, or undefined when it can. Each place has one way to be written: the path is
 * taken as it is, nothing in it is decoded, nothing in it may lead upwards, buckets are in lower case and accounts without their
 * domain, so that comparing it with a prefix means something.
 */
export function dataUriProblem(uri: string): UriProblem | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
  const invalid = (message: string): UriProblem => ({ code: "InvalidValue", message: `${JSON.stringify(uri.slice(0, 200))} ${message}` });
  if (scheme === undefined) return invalid("is no URI such as s3://bucket/raw/x.csv or file:///data/raw/x.csv");
  if (scheme !== "file" && !isBucketScheme(scheme)) {
    const known = ["file", ...Object.keys(BUCKETS)].map((one) => `${one}://`).join(", ");
    return { code: "UnsupportedStore", message: `data at ${scheme}:// cannot be read: only ${known} can` };
  }
  const path = normalUri(uri).slice(scheme.length + 3);
  if (/[\x00-\x1f\x7f\\]/.test(path)) return invalid("holds a backslash or control character");
  if (/\p{Surrogate}/u.test(path)) return invalid("is no valid Unicode");
  const [host = "", ...segments] = path.split("/");
  const problem = hostProblem(scheme, host) ?? pathProblem(scheme, segments);
  return problem === undefined ? undefined : invalid(problem);
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
