import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../../base/index.ts";

/** A loader named like a package (`--import tsx`) would be looked for from the pod's working directory. */
function resolved(flag: string, at: number, flags: readonly string[]): string {
  const named = flags[at - 1] === "--import" && /^[a-z@][^:]*$/i.test(flag);
  return named ? import.meta.resolve(flag) : flag;
}

/**
 * A directory whose `flyteops` is this very program, however it was started: what stands for our own image on a laptop.
 * The pods of a cluster find the same name in the image.
 */
export function ownImageDirectory(stateDirectory: string): string {
  const directory = join(stateDirectory, "bin");
  mkdirSync(directory, { recursive: true });
  const command = [process.execPath, ...process.execArgv.map(resolved), process.argv[1] ?? ""].map(shellWord).join(" ");
  writeFileSync(join(directory, "flyteops"), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return directory;
}
