import type { GitSync } from "../../crds/index.ts";
import type { GitRemote } from "../../gitops/index.ts";
import { keyOf, type Stored } from "../../kube/index.ts";

/** Watches the local repositories that are followed, and wakes their GitSyncs. */
export interface RepositoryFollower {
  /** Follows from now on; the same again changes nothing, another address replaces the one before. */
  follow(sync: Stored<GitSync>, url: string): Promise<void>;
  stop(uid: string): Promise<void>;
  close(): Promise<void>;
}

interface Followed {
  readonly url: string;
  readonly stop: (() => Promise<void>) | undefined;
}

export function repositoryFollower(remote: GitRemote, wake: (key: string) => void): RepositoryFollower {
  const followed = new Map<string, Followed>();
  const stop = async (uid: string): Promise<void> => {
    const before = followed.get(uid);
    followed.delete(uid);
    await before?.stop?.();
  };
  return {
    async follow(sync, url) {
      const { uid } = sync.metadata;
      if (followed.get(uid)?.url === url) return;
      await stop(uid);
      const key = keyOf(sync);
      followed.set(uid, { url, stop: remote.follow(url, () => wake(key)) });
    },
    stop,
    async close() {
      await Promise.all([...followed.keys()].map(stop));
    },
  };
}
