import { existsSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { watch } from "chokidar";
import { type Clock, type Logger, messageOf } from "../../base/index.ts";

export interface GitDirectories {
  /** Where this working tree's HEAD stands. */
  readonly gitDir: string;
  /** Where refs and objects stand; another directory in a linked worktree. */
  readonly commonDir: string;
}

function pointedTo(file: string, prefix: string): string | undefined {
  try {
    const text = readFileSync(file, "utf8").trim();
    return text.startsWith(prefix) ? text.slice(prefix.length).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Finds the git directories of a repository, bare or not, linked worktree or submodule; undefined when there is none here. */
export function gitDirectories(path: string): GitDirectories | undefined {
  const dotGit = join(path, ".git");
  let gitDir = path;
  if (existsSync(dotGit)) {
    const pointer = statSync(dotGit).isFile() ? pointedTo(dotGit, "gitdir:") : dotGit;
    if (pointer === undefined) return undefined;
    gitDir = isAbsolute(pointer) ? pointer : resolve(path, pointer);
  }
  if (!existsSync(join(gitDir, "HEAD"))) return undefined;
  const common = pointedTo(join(gitDir, "commondir"), "");
  return { gitDir, commonDir: common === undefined ? gitDir : resolve(gitDir, common) };
}

const SETTLE_MS = 100;

/** Calls `notify` when HEAD or a ref of the local repository moves. Working files are not watched. Locks of a running git are ignored. */
export function watchRefs(path: string, notify: () => void, deps: { readonly clock: Clock; readonly logger: Logger }): () => Promise<void> {
  const directories = gitDirectories(path);
  if (!directories) return () => Promise.resolve();
  const { gitDir, commonDir } = directories;
  // reftable repositories keep all refs in one folder; packed-refs and refs/ are the classic form.
  const targets = [join(gitDir, "HEAD"), join(commonDir, "refs"), join(commonDir, "packed-refs"), join(commonDir, "reftable")];
  const watcher = watch(targets, { ignoreInitial: true, followSymlinks: false, ignored: (file) => file.endsWith(".lock") });
  // Once at the start as well: "ready" comes some milliseconds before the operating system really watches, and a commit made in between must not
  // wait for the next poll.
  let cancel: () => void = () => undefined;
  watcher.on("ready", () => {
    cancel = deps.clock.after(SETTLE_MS, notify);
  });
  watcher.on("all", () => notify());
  watcher.on("error", (thrown) => deps.logger.error("local repository is not watched any more; it is polled", { path, error: messageOf(thrown) }));
  return () => {
    cancel();
    return watcher.close();
  };
}
