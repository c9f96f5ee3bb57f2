import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, homedir, platform } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Family, moduleDirectory, versionOf } from "./families.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where built programs are kept, outside of any checkout: `$XDG_CACHE_HOME/flyteops/cluster`, or the same below `~/.cache`. */
export function cacheRoot(environment: Environment): string {
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "flyteops", "cluster");
}

/** A directory per version, and per content of everything that goes into the build. */
export function familyDirectory(family: Family, environment: Environment): string {
  const directory = moduleDirectory(family);
  const hash = createHash("sha256").update(`${platform()} ${arch()} ${family.tags ?? ""} ${family.linkerFlags?.(versionOf(family)) ?? ""}\n`);
  for (const file of readdirSync(directory).sort()) hash.update(file).update(readFileSync(join(directory, file)));
  return join(cacheRoot(environment), `${family.name}-${versionOf(family)}-${hash.digest("hex").slice(0, 12)}`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The process that holds the lock; undefined when it is free or its holder has died. */
function holder(lock: string): number | undefined {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    return pid > 0 && isAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  }
}

const LOOK_MS = 500;

/** Runs `work` while no other process of this machine does anything with the same lock. The lock of a dead process is void. */
export async function exclusively<T>(lock: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(join(lock, ".."), { recursive: true });
  let told = false;
  while (!take(lock)) {
    const other = holder(lock);
    if (other === undefined) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) say(`process ${other} builds the same programs: waiting for it`);
    told = true;
    await pause(LOOK_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}
