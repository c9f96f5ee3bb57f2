import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/index.ts";

/** A real git repository in a directory of its own, for tests. */
export interface ScratchRepository {
  readonly root: string;
  git(...args: string[]): string;
  /** Writes files (undefined removes one), commits everything, answers the commit id. */
  commit(files: Readonly<Record<string, string | Uint8Array | undefined>>, message?: string): string;
  link(path: string, target: string): void;
  remove(): void;
}

export function scratchDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "flyteops-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function scratchRepository(branch = "main"): ScratchRepository {
  const { path: root, remove } = scratchDirectory();
  const env = { PATH: process.env["PATH"] ?? "", HOME: root, LC_ALL: "C", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
  const git = (...args: string[]) => execFileSync("git", [...identity, ...args], { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  git("init", "--quiet", "-b", branch);
  return {
    root,
    git,
    commit(files, message = "change") {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(join(root, dirname(path)), { recursive: true });
        if (content === undefined) rmSync(join(root, path), { recursive: true, force: true });
        else writeFileSync(join(root, path), content);
      }
      git("add", "-A");
      git("commit", "--quiet", "--allow-empty", "-m", message);
      return git("rev-parse", "HEAD").trim();
    },
    link(path, target) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      symlinkSync(target, join(root, path));
    },
    remove,
  };
}

/** The real clock; tests of real processes need it. */
export const realClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
