/** One entry of a repository at one commit (or of a working tree). */
export interface TreeEntry {
  /** Relative to the repository root, forward slashes. */
  readonly path: string;
  /** `100644`, `100755`, `120000` (link), `160000` (submodule), `040000` (directory). */
  readonly mode: string;
  /** Object id of the blob or tree; "" where git has not hashed it (a working tree): never cached, compared by content. */
  readonly id: string;
  /** Bytes; 0 for directories and submodules. */
  readonly size: number;
}

/** Read-only files of one revision. Paths are never opened as they stand in a manifest: only entries listed here can be read. */
export interface RepositoryTree {
  /** `main@sha1:…`, or `working-tree`. */
  readonly revision: string;
  /** Everything below `folder` ("" = root), directories too, sorted by path (bytewise). Empty when the folder does not exist. */
  list(folder: string): Promise<readonly TreeEntry[]>;
  /** The entry at exactly this path, or undefined. */
  entry(path: string): Promise<TreeEntry | undefined>;
  /** Content of a regular file. Rejects with FileTooLarge (terminal) above `maxBytes`. */
  read(entry: TreeEntry, maxBytes: number): Promise<Buffer>;
  /** Content in pieces, for files of any size. */
  stream(entry: TreeEntry): AsyncIterable<Uint8Array>;
}

export const isFile = (entry: TreeEntry): boolean => entry.mode === "100644" || entry.mode === "100755" || entry.mode === "100664";
export const isLink = (entry: TreeEntry): boolean => entry.mode === "120000";
export const isSubmodule = (entry: TreeEntry): boolean => entry.mode === "160000";
export const isDirectory = (entry: TreeEntry): boolean => entry.mode === "040000" || entry.mode === "40000";
export const isExecutable = (entry: TreeEntry): boolean => entry.mode === "100755";
