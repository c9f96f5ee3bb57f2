import type { GitCredentials } from "./git-credentials.ts";
import type { RepositoryTree } from "./repository-tree.ts";

/** Which revision to follow. The most exact one that is given wins: name > commit > tag > branch; none = the remote's default branch. */
export interface GitRef {
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly commit?: string | undefined;
  /** A full ref name, for example `refs/pull/7/head`. */
  readonly name?: string | undefined;
}

export interface RevisionRequest {
  /** https, ssh or (laptop mode) file URL, or an absolute path (laptop mode). */
  readonly url: string;
  readonly ref: GitRef;
  /** What the address needs; absent for public repositories and the keys of the machine. */
  readonly credentials?: GitCredentials | undefined;
  /** Whose mirror it is: what was fetched with one's credentials is read by nobody else. "" is everybody's. */
  readonly scope?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** One commit of one repository, its objects on this machine. */
export interface Revision {
  readonly url: string;
  /** Of the request. */
  readonly scope?: string | undefined;
  /** Full object id of the commit. */
  readonly commit: string;
  /** What was followed: `main`, `v1.2.0`, `refs/pull/7/head`; "" when a commit was named. */
  readonly label: string;
  /** `main@sha1:<commit>`, the form of every revision in a status. */
  readonly text: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly committedAtMs: number;
  readonly subject: string;
}

export interface FileChange {
  readonly path: string;
  readonly change: "added" | "modified" | "deleted";
}

/**
 * Git as the sync sees it. Failures are thrown classified:
 * InvalidUrl, InvalidRef, ProtocolNotAllowed (terminal); RepositoryUnreachable, AuthenticationFailed, HostKeyUnknown, RepositoryNotFound,
 * RepositoryEmpty, RefNotFound, RepositoryTooLarge, RepositoryCorrupt, GitTimeout, GitNotInstalled (retryable: they may be mended from outside).
 */
export interface GitRemote {
  /** Brings the mirror up to the newest commit of the ref. A remote that has nothing new costs one `ls-remote`. */
  resolve(request: RevisionRequest): Promise<Revision>;
  /** The files of a resolved revision. Nothing is ever checked out. */
  tree(revision: Revision): Promise<RepositoryTree>;
  /** What differs between two resolved revisions of one URL, by path; undefined when the older one is not known any more. */
  changes(from: Revision, to: Revision): Promise<readonly FileChange[] | undefined>;
  /**
   * Calls `notify` soon after a local repository gets a new commit (refs are watched, working files are not). Answers undefined for a
   * remote one: poll it. The returned function stops watching.
   */
  follow(url: string, notify: () => void): (() => Promise<void>) | undefined;
  /** Ends child processes. */
  close(): Promise<void>;
}
