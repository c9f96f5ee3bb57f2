import { execFile, execFileSync } from "node:child_process";
import { existsSync, realpathSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { EXIT, UserError } from "../../cli/index.ts";

const execute = promisify(execFile);
const STATUS_MAX_BYTES = 64 * 1_024 * 1_024;

/** What `up` follows. */
export interface FollowedRepository {
  readonly url: string;
  /** "" = the remote's default branch. */
  readonly branch: string;
  readonly path: string;
  /** Of a local repository: its working tree (undefined when bare) and git directory. */
  readonly local: { readonly workTree: string | undefined; readonly gitDirectory: string } | undefined;
  /** As the user would say it. */
  readonly said: string;
}

export interface RepositoryOptions {
  readonly repo?: string | undefined;
  readonly branch?: string | undefined;
  readonly path?: string | undefined;
}

function git(directory: string, ...args: string[]): string | undefined {
  try {
    return execFileSync("git", ["-c", "core.fsmonitor=false", "-C", directory, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      // A repository must not be able to start a program by being looked at.
      env: { ...process.env, LC_ALL: "C", GIT_ALLOW_PROTOCOL: "none", GIT_NO_LAZY_FETCH: "1" },
    }).trim();
  } catch (thrown) {
    if (String((thrown as { stderr?: unknown }).stderr).includes("dubious ownership"))
      throw new UserError(`git does not open ${directory}: it belongs to another user`, {
        exitCode: EXIT.usage,
        hint: `if you trust it: git config --global --add safe.directory ${quoted(directory)}`,
      });
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT" && !existsSync(directory)) return undefined;
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT")
      throw new UserError("git is not installed, or not on PATH", { hint: "install git: it is the one program that flyteops needs" });
    return undefined;
  }
}

const isUrl = (text: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
const quoted = (text: string) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

function noRepository(directory: string): UserError {
  const shown = quoted(relative(process.cwd(), directory) || ".");
  return new UserError(`${directory} is not a git repository; flyteops follows commits`, {
    exitCode: EXIT.usage,
    hint: `make it one: git -C ${shown} init -b main && git -C ${shown} add -A && git -C ${shown} commit -m "First version"`,
  });
}

function noCommit(directory: string): UserError {
  const shown = quoted(relative(process.cwd(), directory) || ".");
  return new UserError(`${directory} has no commit yet; flyteops follows commits`, {
    exitCode: EXIT.usage,
    hint: `make the first: git -C ${shown} add -A && git -C ${shown} commit -m "First version"`,
  });
}

function localRepository(given: string, options: RepositoryOptions): FollowedRepository {
  const directory = resolve(given);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) throw new UserError(`no such directory: ${directory}`, { exitCode: EXIT.usage });
  const gitDirectory = git(directory, "rev-parse", "--absolute-git-dir");
  if (gitDirectory === undefined) throw noRepository(directory);
  const workTree = git(directory, "rev-parse", "--show-toplevel");
  const root = realpathSync(workTree ?? gitDirectory);
  if (git(directory, "rev-parse", "--verify", "--quiet", "HEAD") === undefined && !options.branch) throw noCommit(root);
  const branch = options.branch ?? git(directory, "symbolic-ref", "--short", "HEAD");
  if (branch === undefined)
    throw new UserError(`${root} is on no branch (detached HEAD)`, { exitCode: EXIT.usage, hint: "say which branch to follow: flyteops up --branch main" });
  const inside = relative(root, realpathSync(directory));
  return {
    url: pathToFileURL(root).href,
    branch,
    path: options.path ?? (inside === "" ? "." : inside),
    local: { workTree, gitDirectory },
    said: relative(process.cwd(), root) || ".",
  };
}

/** Works out url, branch and path. UserError with the exact commands to type when a directory is no repository. */
export function findRepository(options: RepositoryOptions): FollowedRepository {
  const given = options.repo ?? ".";
  if (isUrl(given) && !given.startsWith("file://"))
    return { url: given, branch: options.branch ?? "", path: options.path ?? ".", local: undefined, said: given };
  return localRepository(given.startsWith("file://") ? new URL(given).pathname : given, options);
}

/** How many files of the working tree differ from the last commit, untracked ones included. 0 when git does not answer. */
export async function uncommittedFiles(repository: FollowedRepository): Promise<number> {
  const workTree = repository.local?.workTree;
  if (workTree === undefined) return 0;
  // git status would lock the index to refresh it, and somebody's own commit in that moment would fail.
  const look = ["-C", workTree, "--no-optional-locks", "status", "--porcelain", "--untracked-files=normal"];
  const { stdout } = await execute("git", look, { maxBuffer: STATUS_MAX_BYTES }).catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter(Boolean).length;
}
