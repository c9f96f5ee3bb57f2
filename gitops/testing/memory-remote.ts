import { createHash } from "node:crypto";
import { type Failure, RetryableFailure } from "../../base/index.ts";
import type { GitRemote, Revision, RevisionRequest } from "../source/git-remote.ts";
import { type MemoryFile, memoryTree } from "./memory-tree.ts";

/** A repository of one branch, without git. */
export interface MemoryRemote extends GitRemote {
  /** Makes these the files of the newest commit and tells whoever follows. */
  commit(files: Readonly<Record<string, MemoryFile>>): string;
  /** From now on fetching fails; undefined mends it. */
  fail(failure: Failure | undefined): void;
  /** The last request for a revision. */
  readonly asked: RevisionRequest | undefined;
}

export function memoryRemote(): MemoryRemote {
  const trees = new Map<string, ReturnType<typeof memoryTree>>();
  const followers = new Set<() => void>();
  let head: string | undefined;
  let failing: Failure | undefined;
  let asked: RevisionRequest | undefined;
  return {
    commit(files) {
      head = createHash("sha1")
        .update(`${trees.size} ${JSON.stringify(files)}`)
        .digest("hex");
      trees.set(head, memoryTree(files, `main@sha1:${head}`));
      for (const notify of followers) notify();
      return head;
    },
    fail(failure) {
      failing = failure;
    },
    get asked() {
      return asked;
    },
    resolve(request) {
      const { url } = request;
      asked = request;
      if (failing) return Promise.reject(failing);
      if (head === undefined) return Promise.reject(new RetryableFailure("RepositoryEmpty", "the repository has no commit yet"));
      const author = { name: "Ada", email: "ada@example.org" };
      return Promise.resolve({ url, commit: head, label: "main", text: `main@sha1:${head}`, author, committedAtMs: 0, subject: "change" });
    },
    tree({ commit }: Revision) {
      const tree = trees.get(commit);
      return tree ? Promise.resolve(tree) : Promise.reject(new Error(`no commit ${commit}`));
    },
    changes: () => Promise.resolve(undefined),
    follow(_url, notify) {
      followers.add(notify);
      return () => {
        followers.delete(notify);
        return Promise.resolve();
      };
    },
    close: () => Promise.resolve(),
  };
}
