import { spawn } from "node:child_process";
import { chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { embeddedDatabaseIn, TerminalFailure } from "../../base/index.ts";
import type { Binaries } from "./binaries.ts";
import { PROGRAM_PATH, type RunAs } from "./run-as.ts";

const FLAGS = ["--encoding=UTF8", "--no-locale", "--auth=scram-sha-256"];

/** Rejects with what it printed. */
function initdb(program: string, directory: string, user: string, passwordFile: string, how: RunAs): Promise<void> {
  const [command = program, ...args] = [...how.prefix, program, "-D", directory, `--username=${user}`, `--pwfile=${passwordFile}`, ...FLAGS];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...how.ids, cwd: "/", env: { PATH: PROGRAM_PATH, LC_ALL: "C" }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve();
      reject(new TerminalFailure("DatabaseNotInitialised", `initdb failed in ${directory}: ${output.trim().split("\n").slice(-3).join("; ")}`));
    });
  });
}

/**
 * Makes a new database cluster in `<root>/data`. It is made beside and renamed, so that an interrupted attempt leaves
 * nothing that looks like a database.
 */
export async function initialise(root: string, password: string, binaries: Binaries, how: RunAs): Promise<void> {
  const fresh = join(root, "data.new");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  if (how.owner) await chown(fresh, how.owner.uid, how.owner.gid);
  const passwordFile = join(root, "password.new");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (how.owner) await chown(passwordFile, how.owner.uid, how.owner.gid);
  try {
    await initdb(binaries.initdb, fresh, embeddedDatabaseIn(root).user, passwordFile, how);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, join(root, "data"));
}
