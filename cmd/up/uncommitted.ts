import { watch } from "chokidar";
import { sep } from "node:path";
import { type Clock, type Logger, messageOf } from "../../base/index.ts";
import { type FollowedRepository, uncommittedFiles } from "./repository.ts";
import type { View } from "./view.ts";

/** Editors write in bursts; one look per burst is enough. */
const SETTLE_MS = 700;
const SKIPPED = new Set([".git", "node_modules", ".flyteops", "__pycache__", ".venv"]);

/** Says how many files of a local repository are changed but not committed, whenever that number grows: what is followed are commits. */
export function watchUncommitted(repository: FollowedRepository, view: View, clock: Clock, logger: Logger): { close(): Promise<void> } {
  const workTree = repository.local?.workTree;
  if (workTree === undefined) return { close: () => Promise.resolve() };
  let told = 0;
  let cancel = () => {};
  let closed = false;
  const look = async () => {
    const count = await uncommittedFiles(repository);
    if (closed) return;
    if (count > told) view.say(`  ${count} ${count === 1 ? "file" : "files"} changed, not committed; flyteops follows commits: git commit -am "…"`);
    told = count;
  };
  const soon = () => {
    cancel();
    cancel = clock.after(SETTLE_MS, () => void look());
  };
  void look();
  const watcher = watch(workTree, {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) =>
      path
        .slice(workTree.length)
        .split(sep)
        .some((part) => SKIPPED.has(part)),
  });
  watcher.on("all", soon);
  watcher.on("error", (thrown) => logger.error("working tree is not watched any more", { error: messageOf(thrown) }));
  return {
    async close() {
      closed = true;
      cancel();
      await watcher.close();
    },
  };
}
