/**
 * Memory limits. Where a memory cgroup can be made (root, or a delegated one), the kernel enforces the limit and says
 * when it killed. Elsewhere the resident memory of the process tree is added up twice a second and a container above its
 * limit is killed: a spike between two looks goes unseen.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/index.ts";
import { readOrNothing } from "./process-reaper.ts";

export interface MemoryLimit {
  /** The file the container's first process writes itself into, when a cgroup is used. */
  readonly procs: string | undefined;
  /** Called once the container runs. */
  watch(pid: number, kill: () => void): void;
  /** Whether the limit has ended a process; to be asked once the container is gone. */
  exceeded(): boolean;
  /** Gives everything back, after the container is gone. */
  close(): void;
}

export interface MemoryLimits {
  /** Undefined when the container has no limit. */
  limit(id: string, bytes: number | undefined): MemoryLimit | undefined;
  readonly enforcedBy: "cgroup" | "polling";
}

const GROUP = /^flyteops-/;

export function memoryLimits(clock: Clock, useCgroups = true): MemoryLimits {
  const parent = useCgroups && process.platform === "linux" ? usableParent() : undefined;
  if (parent) removeStale(parent.directory, clock.now());
  return {
    enforcedBy: parent ? "cgroup" : "polling",
    limit(id, bytes) {
      if (bytes === undefined || bytes <= 0) return undefined;
      return parent ? cgroupLimit(parent, `flyteops-${id}`, bytes) : pollingLimit(clock, bytes);
    },
  };
}

interface CgroupParent {
  readonly directory: string;
  readonly version: 1 | 2;
}

/** The first cgroup directory in which a child with a memory limit can be made and joined. */
function usableParent(): CgroupParent | undefined {
  const own = readOrNothing("/proc/self/cgroup") ?? "";
  const v2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const mount = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
  const path = (v2 ? /^0::(.*)$/m : /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m).exec(own)?.[1] ?? "/";
  const candidates = v2 ? [dirname(join(mount, path)), mount] : [join(mount, path), mount];
  return candidates.map((directory) => ({ directory, version: v2 ? (2 as const) : (1 as const) })).find(works);
}

function works(parent: CgroupParent): boolean {
  try {
    const trial = cgroupLimit(parent, `flyteops-trial-${process.pid}`, 64 * 2 ** 20);
    try {
      execFileSync("/bin/sh", ["-c", 'echo 0 >"$1"', "sh", trial.procs ?? ""], { stdio: "ignore" });
      return true;
    } finally {
      trial.close();
    }
  } catch {
    return false;
  }
}

function cgroupLimit({ directory, version }: CgroupParent, name: string, bytes: number): MemoryLimit {
  const group = join(directory, name);
  mkdirSync(group, { recursive: true });
  const set = (file: string, value: string) => writeFileSync(join(group, file), value);
  if (version === 1) {
    set("memory.limit_in_bytes", String(bytes));
    if (existsSync(join(group, "memory.memsw.limit_in_bytes"))) set("memory.memsw.limit_in_bytes", String(bytes));
  } else {
    set("memory.max", String(bytes));
    if (existsSync(join(group, "memory.swap.max"))) set("memory.swap.max", "0");
    if (existsSync(join(group, "memory.oom.group"))) set("memory.oom.group", "1");
  }
  return {
    procs: join(group, "cgroup.procs"),
    watch() {},
    exceeded: () => /^oom_kill [1-9]/m.test(readOrNothing(join(group, version === 1 ? "memory.oom_control" : "memory.events")) ?? ""),
    close: () => removeGroup(group),
  };
}

/** The kernel refuses while a process is still on its way out; what stays is removed at the next start. */
function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    return;
  }
}

/** A young group may be another program's, made a moment before its container joins. */
const STALE_MS = 60_000;

function removeStale(directory: string, now: number): void {
  for (const name of readdirSync(directory)) {
    const group = join(directory, name);
    const stat = GROUP.test(name) ? statSync(group, { throwIfNoEntry: false }) : undefined;
    if (stat && now - stat.mtimeMs > STALE_MS) removeGroup(group);
  }
}

const POLL_MS = 500;

function pollingLimit(clock: Clock, bytes: number): MemoryLimit {
  let over = false;
  let cancel: () => void = () => undefined;
  return {
    procs: undefined,
    watch(pid, kill) {
      const look = () => {
        over ||= residentBytes(pid) > bytes;
        if (over) kill();
        else cancel = clock.after(POLL_MS, look);
      };
      cancel = clock.after(POLL_MS, look);
    },
    exceeded: () => over,
    close: () => cancel(),
  };
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly bytes: number;
}

/** Resident memory of a process and all its descendants. */
function residentBytes(root: number): number {
  const rows = process.platform === "linux" ? rowsOfProc() : rowsOfPs();
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
  let total = rows.find((row) => row.pid === root)?.bytes ?? 0;
  const pending = [root];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    for (const child of children.get(pid) ?? []) {
      total += child.bytes;
      pending.push(child.pid);
    }
  }
  return total;
}

const PAGE = 4096;

function rowsOfProc(): ProcessRow[] {
  return readdirSync("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readOrNothing(`/proc/${name}/stat`) : undefined;
    if (stat === undefined) return [];
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [{ pid: Number(name), parent: Number(fields[1]), bytes: Number(fields[21]) * PAGE }];
  });
}

function rowsOfPs(): ProcessRow[] {
  const lines = execFileSync("ps", ["-axo", "pid=,ppid=,rss="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [pid, parent, kib] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined || kib === undefined ? [] : [{ pid, parent, bytes: kib * 1024 }];
  });
}
