import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A directory whose `flyteops` is this very program, however it was started: what stands for our own image on a laptop.
 * The pods of a cluster find the same name in the image.
 */
export function ownImageDirectory(stateDirectory: string): string {
  const directory = join(stateDirectory, "bin");
  mkdirSync(directory, { recursive: true });
  const command = [process.execPath, ...process.execArgv, process.argv[1] ?? ""].map(quoted).join(" ");
  writeFileSync(join(directory, "flyteops"), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return directory;
}
