import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** Version 1 has a hierarchy per controller, version 2 one for all. */
function hierarchies(): string[] {
  if (existsSync(join(ROOT, "cgroup.controllers"))) return [ROOT];
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(ROOT, entry.name));
}

/** All pods together would have no more of the processor than one process beside them; so many have they, in the words of either version. */
const SHARES = { "cpu.shares": "8192", "cpu.weight": "800" } as const;

/** A cgroup of this name in every hierarchy. A kubelet kills what it does not know below its own: two must not share one. */
export function makeCgroup(name: string): void {
  for (const hierarchy of hierarchies()) {
    const directory = join(hierarchy, name);
    mkdirSync(directory, { recursive: true });
    for (const [file, shares] of Object.entries(SHARES)) if (existsSync(join(directory, file))) writeFileSync(join(directory, file), shares);
  }
}

/** What is there of it, the deepest first. */
const allOf = (name: string): string[] =>
  hierarchies()
    .map((hierarchy) => join(hierarchy, name))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => [
      directory,
      ...readdirSync(directory, { withFileTypes: true, recursive: true }).flatMap((entry) => (entry.isDirectory() ? [join(entry.parentPath, entry.name)] : [])),
    ])
    .sort((left, right) => right.length - left.length);

function remove(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EBUSY") throw thrown;
  }
}

const TRIES = 30;
const BETWEEN_MS = 100;

/** Removes it with all that is below, once the processes in it have ended; what one does not let go of stays behind, empty. */
export async function removeCgroup(name: string): Promise<void> {
  for (let [tries, left] = [0, allOf(name)]; left.length > 0 && tries < TRIES; tries += 1, left = allOf(name)) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    left.forEach(remove);
  }
}
