import { TerminalFailure } from "../base/index.ts";

/** Where in which object store: what stands in `s3://bucket/prefix`, `gs://bucket/prefix` and `abfs://container@account/prefix`. */
export interface CloudAddress {
  readonly scheme: "s3" | "gs" | "abfs";
  /** Bucket or container. */
  readonly container: string;
  /** Azure's storage account; "" elsewhere. */
  readonly account: string;
  /** Without slashes at its ends; "" for the whole bucket. Taken as it is written: nothing in it is decoded. */
  readonly path: string;
}

const HOSTS: Readonly<Record<CloudAddress["scheme"], RegExp>> = {
  s3: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  gs: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  abfs: /^([a-z0-9](?:-?[a-z0-9]){2,62}|\$web|\$root)@[a-z0-9]{3,24}$/,
};

const FORMS: Readonly<Record<CloudAddress["scheme"], string>> = {
  s3: "s3://bucket/prefix",
  gs: "gs://bucket/prefix",
  abfs: "abfs://container@account/prefix",
};

/** The parts of a URI of an object store; undefined for one of another scheme. TerminalFailure `UnsupportedStore` when it is not well formed. */
export function cloudAddress(uri: string): CloudAddress | undefined {
  const [, scheme, host = "", path = ""] = /^(s3|gs|abfs):\/\/([^/]*)\/?([^]*)$/.exec(uri) ?? [];
  if (scheme === undefined) return undefined;
  const known = scheme as CloudAddress["scheme"];
  if (!HOSTS[known].test(host)) throw new TerminalFailure("UnsupportedStore", `${JSON.stringify(uri)} does not name a bucket as ${FORMS[known]} does`);
  const [container = "", account = ""] = host.split("@");
  return { scheme: known, container, account, path };
}
