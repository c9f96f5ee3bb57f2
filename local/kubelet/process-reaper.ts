import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Sees to it that no process outlives this program, however it ends. Every tracked pid leads its own process group. */
export interface ProcessReaper {
  track(pid: number): void;
  untrack(pid: number): void;
  /** Ends the watchdog; call it when nothing is tracked any more. */
  close(): void;
}

/** Reads `+ pid` and `- pid`; when this program is gone its end of the pipe closes, and what is left is killed. */
const WATCHDOG = `pids=" "
while read -r op pid; do
  case $op in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; kill -s KILL "$pid" 2>/dev/null; done`;

/**
 * A watchdog shell holding a pipe to this process, and a file per process with its start time for the case that the
 * watchdog was killed as well: `killLeftovers` reads those at the next start.
 */
export function processReaper(directory: string): ProcessReaper {
  mkdirSync(directory, { recursive: true });
  const watchdog: ChildProcess = spawn("/bin/sh", ["-c", WATCHDOG], { detached: true, stdio: ["pipe", "ignore", "ignore"], cwd: "/", env: {} });
  watchdog.on("error", ignoreLoss);
  watchdog.stdin?.on("error", ignoreLoss);
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return {
    track(pid) {
      watchdog.stdin?.write(`+ ${pid}\n`);
      writeFileSync(join(directory, String(pid)), startTime(pid) ?? "");
    },
    untrack(pid) {
      watchdog.stdin?.write(`- ${pid}\n`);
      rmSync(join(directory, String(pid)), { force: true });
    },
    close() {
      watchdog.stdin?.end();
    },
  };
}

/** A lost watchdog is made up for by namespaces and by `killLeftovers`. */
function ignoreLoss(): void {}

/** Kills what an earlier instance left behind. A pid that now belongs to another program is recognised by its start time and spared. Returns how many were killed. */
export function killLeftovers(directory: string): number {
  let killed = 0;
  for (const name of listOrNothing(directory)) {
    const recorded = readFileSync(join(directory, name), "utf8");
    const pid = Number(name);
    if (recorded !== "" && recorded === startTime(pid)) {
      killTree(pid, "SIGKILL");
      killed += 1;
    }
    rmSync(join(directory, name), { force: true });
  }
  return killed;
}

function listOrNothing(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return []; // the first start: nothing has been recorded yet
  }
}

/** Sends a signal to the process group and to the process itself; one that is gone already is no error. */
export function killTree(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) sendSignal(target, signal);
}

/** False when there is no such process. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Something that differs between two processes that had the same pid; undefined when there is no such process. */
export function startTime(pid: number): string | undefined {
  if (process.platform !== "linux") return startTimeByPs(pid);
  const stat = readOrNothing(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" ? undefined : fields[18];
}

function startTimeByPs(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

export function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
