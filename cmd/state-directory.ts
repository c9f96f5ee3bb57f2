import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { EXIT, UserError } from "../cli/index.ts";

/** Who holds a state directory. `startedAt` tells a living holder from a stranger that got its pid. */
interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

const PID_FILE = "flyteops.pid";
/** Below this much free space a database and a day of logs may not fit. */
const SPACE_WANTED = 512 * 1024 * 1024;

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

function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Holder;
    return startOf(holder.pid) === holder.startedAt ? holder : undefined;
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

/**
 * Creates the directory (0700) and takes it for this process. UserError when another living process has it: two
 * control planes on one directory would run everything twice.
 */
export function takeStateDirectory(directory: string): StateDirectory {
  const fresh = !existsSync(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = realpathSync(directory);
  const file = join(path, PID_FILE);
  const me: Holder = { pid: process.pid, startedAt: startOf(process.pid) ?? "" };
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, "wx", 0o600);
      writeSync(handle, JSON.stringify(me));
      closeSync(handle);
      checkSpace(path, fresh);
      return { path, release: () => rmSync(file, { force: true }) };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
    const holder = readHolder(file);
    if (holder) {
      throw new UserError(`${path} is in use by another flyteops (pid ${holder.pid})`, {
        exitCode: EXIT.usage,
        hint: `stop it first: flyteops down --state ${path}   (or give this one its own: --state DIR)`,
      });
    }
    rmSync(file, { force: true });
  }
  throw new UserError(`${path}: another flyteops is starting on it`, { exitCode: EXIT.usage });
}

function checkSpace(path: string, fresh: boolean): void {
  const { bavail, bsize } = statfsSync(path);
  if (fresh && bavail * bsize < SPACE_WANTED) {
    throw new UserError(`${path}: only ${Math.round((bavail * bsize) / 1048576)} MiB are free on this disk; flyteops wants 512 MiB`, {
      hint: "choose another disk: flyteops up --state DIR",
    });
  }
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
