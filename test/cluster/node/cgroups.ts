import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** Version 1 has a hierarchy per controller, version 2 one for all. */
function hierarchies(): string[] {
  if (existsSync(join(ROOT, "cgroup.controllers"))) return [ROOT];
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(ROOT, entry.name));
}

/** A cgroup of this name in every hierarchy. A kubelet kills what it does not know below its own: two must not share one. */
export function makeCgroup(name: string): void {
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, name), { recursive: true });
}

function removeBelow(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) if (entry.isDirectory()) removeBelow(join(directory, entry.name));
  rmdirSync(directory);
}

/** Removes it with all that is below. A process that is still ending keeps its cgroup: that one stays behind, empty. */
export function removeCgroup(name: string): void {
  for (const hierarchy of hierarchies()) {
    try {
      removeBelow(join(hierarchy, name));
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "EBUSY") throw thrown;
    }
  }
}
