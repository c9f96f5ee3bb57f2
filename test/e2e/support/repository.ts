import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./program.ts";

/** A git repository with a working tree. */
export interface Repository {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): void;
  remove(...files: readonly string[]): void;
  /** Commits everything that changed; answers the new commit's full id. */
  commit(message?: string): string;
  /** Runs git in it; answers its output, trimmed. */
  git(...args: readonly string[]): string;
}

const IDENTITY = ["-c", "user.name=Tester", "-c", "user.email=tester@example.invalid", "-c", "commit.gpgsign=false"];

/** Makes a repository with branch `main` of a directory that exists. Nothing is committed yet. */
function repositoryAt(path: string): Repository {
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", path, ...IDENTITY, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  git("init", "--quiet", "--initial-branch=main");
  return {
    path,
    git,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    remove(...files) {
      for (const name of files) rmSync(join(path, name));
    },
    commit(message = "A change") {
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", `--message=${message}`);
      return git("rev-parse", "HEAD");
    },
  };
}

/** A repository of these files, committed. `more` changes it before. */
export function repository(path: string, files: Readonly<Record<string, string>>, more?: (repo: Repository) => void): Repository {
  mkdirSync(path, { recursive: true });
  const made = repositoryAt(path);
  made.write(files);
  more?.(made);
  made.commit("First version");
  return made;
}

/** The example that `npm start` runs, as a repository of its own. @param project whose it is instead of ml */
export function penguins(path: string, project = "ml"): Repository {
  cpSync(join(root, "examples/penguins"), path, { recursive: true });
  const made = repositoryAt(path);
  for (const name of readdirSync(path, { recursive: true, encoding: "utf8" }).filter((each) => each.endsWith(".yaml"))) {
    const text = readFileSync(join(path, name), "utf8");
    made.write({ [name]: text.replaceAll("ml-development", `${project}-development`).replace("name: ml\n", `name: ${project}\n`) });
  }
  made.commit("The penguins example");
  return made;
}
