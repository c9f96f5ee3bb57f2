import { TerminalFailure } from "../base/index.ts";
import { cloudService } from "./cloud/cloud-service.ts";
import { cloudStore } from "./cloud/cloud-store.ts";
import { directoryStore } from "./directory-store.ts";
import { memoryStore } from "./memory-store.ts";
import type { StorageOptions } from "./storage-options.ts";
import { cloudAddress } from "./store-address.ts";
import type { BlobStore } from "./store.ts";

const KNOWN = "file:///absolute/path, s3://bucket/prefix, gs://bucket/prefix or abfs://container@account/prefix";

/**
 * The store at a root URI: `file:///absolute/path` (made when first written to), `memory:` (empty, this process only), `s3://bucket/prefix`,
 * `gs://bucket/prefix` or `abfs://container@account/prefix` (these need `options`). Nothing is asked of a store before its first use. Throws
 * TerminalFailure `UnsupportedStore` for any other.
 */
export function openBlobStore(rootUri: string, options?: StorageOptions): BlobStore {
  const root = rootUri.replace(/\/+$/, "");
  if (root.startsWith("file:///")) return directoryStore(root);
  if (root.startsWith("memory:")) return memoryStore(root);
  const address = cloudAddress(root);
  if (address === undefined) throw new TerminalFailure("UnsupportedStore", `object store ${JSON.stringify(rootUri)} is not supported: use ${KNOWN}`);
  if (address.path !== "" && address.path.split("/").some((segment) => ["", ".", ".."].includes(segment)))
    throw new TerminalFailure("UnsupportedStore", `object store ${JSON.stringify(rootUri)} has an empty segment, . or .. in its prefix`);
  if (options === undefined) throw new TerminalFailure("UnsupportedStore", `object store ${JSON.stringify(rootUri)} cannot be reached from this command`);
  return cloudStore(root, address.path, cloudService(address, options));
}
