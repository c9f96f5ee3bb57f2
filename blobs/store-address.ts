import { BUCKETS, type BucketScheme, TerminalFailure } from "../base/index.ts";

/** Where in which object store: what stands in `s3://bucket/prefix`, `gs://bucket/prefix` and `abfs://container@account/prefix`. */
export interface CloudAddress {
  readonly scheme: BucketScheme;
  /** Bucket or container. */
  readonly container: string;
  /** Azure's storage account; "" elsewhere. */
  readonly account: string;
  /** Without slashes at its ends; "" for the whole bucket. Taken as it is written: nothing in it is decoded. */
  readonly path: string;
}

/** The parts of a URI of an object store; undefined for one of another scheme. TerminalFailure `UnsupportedStore` when it is not well formed. */
export function cloudAddress(uri: string): CloudAddress | undefined {
  const [, scheme, host = "", path = ""] = /^(s3|gs|abfs):\/\/([^/]*)\/?([^]*)$/.exec(uri) ?? [];
  if (scheme === undefined) return undefined;
  const known = scheme as BucketScheme;
  const { form, host: pattern } = BUCKETS[known];
  if (!pattern.test(host)) throw new TerminalFailure("UnsupportedStore", `${JSON.stringify(uri)} does not name a bucket as ${form} does`);
  const [container = "", account = ""] = host.split("@");
  return { scheme: known, container, account, path: path.replace(/\/+$/, "") };
}
