import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";

const AUTHOR = ["-c", "user.name=bench", "-c", "user.email=bench@flyteops.invalid", "-c", "gc.auto=0", "-c", "commit.gpgsign=false"];

export interface Repository {
  readonly directory: string;
  /** Writes files (path → documents) into the working tree. */
  write(files: Readonly<Record<string, readonly object[]>>): void;
  /** Commits everything; returns the commit. */
  commit(message: string): string;
}

/** A new git repository with files in it, committed. */
export function newRepository(directory: string, files: Readonly<Record<string, readonly object[]>>): Repository {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", directory, ...AUTHOR, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  mkdirSync(directory, { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  const repository: Repository = {
    directory,
    write(changed) {
      for (const [path, documents] of Object.entries(changed)) {
        const file = join(directory, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, documents.map((document) => stringify(document)).join("---\n"));
      }
    },
    commit(message) {
      git("add", "--all");
      git("commit", "--quiet", `--message=${message}`);
      return git("rev-parse", "HEAD");
    },
  };
  repository.write(files);
  repository.commit("First version");
  return repository;
}
