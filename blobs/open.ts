import { TerminalFailure } from "../base/index.ts";
import { directoryStore } from "./directory-store.ts";
import { memoryStore } from "./memory-store.ts";
import type { BlobStore } from "./store.ts";

/**
 * The store at a root URI: `file:///absolute/path` (made when first written to) or `memory:` (empty, this process only). Throws
 * TerminalFailure `UnsupportedStore` for any other.
 */
export function openBlobStore(rootUri: string): BlobStore {
  const root = rootUri.replace(/\/+$/, "");
  if (root.startsWith("file:///")) return directoryStore(root);
  if (root.startsWith("memory:")) return memoryStore(root);
  throw new TerminalFailure("UnsupportedStore", `object store ${JSON.stringify(rootUri)} is not supported: use file:///absolute/path`);
}
