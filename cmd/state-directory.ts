import { execFileSync } from "node:child_process";
import {
  accessSync,
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { messageOf, shellWord } from "../base/index.ts";
import { EXIT, UserError } from "../cli/index.ts";

/** Who holds a state directory. `startedAt` tells a living holder from a stranger that got its pid. */
interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

const PID_FILE = "flyteops.pid";
/** Below this much free space a database and a day of logs may not fit. */
const SPACE_WANTED = 512 * 1024 * 1024;
/** What a database that is there needs to start and to stop cleanly. */
const SPACE_WANTED_AGAIN = 64 * 1024 * 1024;

/** When a process started, as the kernel says it; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    // Field 22 of stat, counted behind the command name, which may hold spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    if (existsSync("/proc/self/stat")) return undefined;
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What the file says is believed only about a living process: `kill -1` would end everything this user runs. */
function isHolder(value: unknown): value is Holder {
  const { pid, startedAt } = (value ?? {}) as Partial<Holder>;
  return Number.isInteger(pid) && Number(pid) > 1 && typeof startedAt === "string" && startOf(Number(pid)) === startedAt;
}

function readHolder(file: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isHolder(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** The living process that uses this state directory. */
export function holderOf(directory: string): Holder | undefined {
  return readHolder(join(directory, PID_FILE));
}

export interface StateDirectory {
  readonly path: string;
  release(): void;
}

/** Everything that may stand in a state directory. */
const OWN_ENTRIES = new Set(["bin", "flyteops.log", "git", "kubeconfig", "kubelet", "objects", "outputs", PID_FILE, "pki", "port", "postgres"]);

/** What stands in a directory and is not ours, sorted. */
export function strangeEntries(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => !OWN_ENTRIES.has(name))
    .sort();
}

/** A directory with files of somebody else is no place for a database, nor for a later `down --purge`; one that others may write holds keys that they chose. */
function refuseStrange(path: string): void {
  const strange = strangeEntries(path);
  const hint = "give it a directory of its own: flyteops up --state DIR";
  if (strange.length > 0)
    throw new UserError(`${path} is not empty and no state directory of flyteops: it holds ${strange[0]}`, { exitCode: EXIT.usage, hint });
  const { uid } = statSync(path);
  const me = process.getuid?.();
  if (me !== undefined && uid !== me) throw new UserError(`${path} belongs to another user (uid ${uid})`, { exitCode: EXIT.usage, hint });
}

/** State that came with a repository was made by whoever wrote that: its keys are known, and its database runs what they want. */
function refuseTracked(path: string): void {
  const tracked = gitLines(path, "ls-files", "--cached", "-z", "--", ".");
  if (tracked.length > 0)
    throw new UserError(`${path} is part of a git repository (${tracked[0]}): state made by somebody else is not used`, {
      exitCode: EXIT.usage,
      hint: `look at it, then: git rm -r --cached ${shellWord(path)}   (or give this one its own: --state DIR)`,
    });
}

function gitLines(directory: string, ...args: string[]): string[] {
  try {
    const options = ["-c", "core.fsmonitor=false", "-C", directory];
    return execFileSync("git", [...options, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .split("\0")
      .filter(Boolean);
  } catch {
    return []; // in no repository, or git says so elsewhere
  }
}

/**
 * Creates the directory (0700) and takes it for this process. UserError when another living process has it (two
 * control planes on one directory would run everything twice), and when what is there was not made by us.
 */
export function takeStateDirectory(directory: string): StateDirectory {
  const fresh = !existsSync(directory);
  makeDirectory(directory);
  const path = realpathSync(directory);
  checkSpace(path);
  if (!fresh) {
    refuseStrange(path);
    refuseTracked(path);
    chmodSync(path, 0o700);
  }
  const file = join(path, PID_FILE);
  const me: Holder = { pid: process.pid, startedAt: startOf(process.pid) ?? "" };
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, "wx", 0o600);
      writeSync(handle, JSON.stringify(me));
      closeSync(handle);
      return { path, release: () => rmSync(file, { force: true }) };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
    const holder = readHolder(file);
    if (holder) {
      throw new UserError(`${path} is in use by another flyteops (pid ${holder.pid})`, {
        exitCode: EXIT.usage,
        hint: `stop it first: flyteops down --state ${shellWord(path)}   (or give this one its own: --state DIR)`,
      });
    }
    rmSync(file, { force: true });
  }
  throw new UserError(`${path}: another flyteops is starting on it`, { exitCode: EXIT.usage });
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (thrown) {
    throw new UserError(`${directory} cannot be the state directory: ${messageOf(thrown)}`, {
      exitCode: EXIT.usage,
      hint: "choose another: flyteops up --state DIR",
    });
  }
}

/** A disk that fills up stops the database; one that is nearly full is not begun with. */
function checkSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  const wanted = existsSync(join(path, "postgres", "data")) ? SPACE_WANTED_AGAIN : SPACE_WANTED;
  if (bavail * bsize >= wanted) return;
  throw new UserError(`${path}: only ${Math.floor((bavail * bsize) / 1048576)} MiB are free on this disk; flyteops wants ${wanted / 1048576} MiB`, {
    hint: "make room, or choose another disk: flyteops up --state DIR",
  });
}

/** Tells git to overlook the state directory, without touching the repository's own .gitignore. Returns whether a line was added. */
export function excludeFromGit(workTree: string, gitDirectory: string, stateDirectory: string): boolean {
  const inside = relative(workTree, stateDirectory);
  if (inside === "" || inside.startsWith("..")) return false;
  const line = `/${inside.split(sep).join("/")}/`;
  const file = join(gitDirectory, "info", "exclude");
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (present.split("\n").includes(line)) return false;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${present === "" || present.endsWith("\n") ? "" : "\n"}${line}\n`);
  return true;
}
