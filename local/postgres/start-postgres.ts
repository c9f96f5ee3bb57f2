import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Clock, embeddedDatabaseIn, type Logger } from "../../base/index.ts";
import { findBinaries } from "./binaries.ts";
import { claim } from "./claim.ts";
import { initialise } from "./initialise.ts";
import { runningPostmaster, stopPostmaster } from "./postmaster.ts";
import { type RunAs, runAs } from "./run-as.ts";
import { type ServerProcess, serverProcess } from "./server-process.ts";

/** What a PostgreSQL client needs to know; the form of `pg`'s options. */
export interface DatabaseConnection {
  /** Directory of the unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface EmbeddedDatabase {
  readonly connection: DatabaseConnection;
  /** Ends the server; what was committed stays. */
  stop(): Promise<void>;
}

export interface EmbeddedDatabaseDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where it lives; created when missing. Nobody else may use it. */
  readonly directory: string;
}

/** A socket's path may have 107 bytes. */
const LONGEST_SOCKET_DIRECTORY = 80;

async function passwordIn(file: string): Promise<string> {
  const known = await readFile(file, "utf8").catch(() => "");
  if (known !== "") return known;
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

async function socketDirectory(near: string, how: RunAs): Promise<string> {
  const directory = near.length <= LONGEST_SOCKET_DIRECTORY ? near : await mkdtemp(join(tmpdir(), "flyteops-db-"));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  if (how.owner) await chown(directory, how.owner.uid, how.owner.gid);
  return directory;
}

/** A server whose program was killed is about to end, or would never: it is ended, and what it had committed is kept. */
async function endOrphan(data: string, { clock, logger }: EmbeddedDatabaseDeps): Promise<void> {
  const orphan = await runningPostmaster(data);
  if (!orphan) return;
  logger.info("ending the database of a program that is gone", { pid: orphan });
  await stopPostmaster(orphan, data, clock);
}

/**
 * Starts the PostgreSQL that is installed with us, on a unix socket only, making its data directory first when there is
 * none. Works as root (in a user namespace, or as the account postgres or nobody) and as any other user. Rejects with
 * TerminalFailure when it cannot run here, or when another living program has it.
 */
export async function startPostgres(deps: EmbeddedDatabaseDeps): Promise<EmbeddedDatabase> {
  const root = resolve(deps.directory);
  await mkdir(root, { recursive: true, mode: 0o711 });
  const release = await claim(root);
  try {
    return await startClaimed(root, release, deps);
  } catch (thrown) {
    await release();
    throw thrown;
  }
}

async function startClaimed(root: string, release: () => Promise<void>, deps: EmbeddedDatabaseDeps): Promise<EmbeddedDatabase> {
  const data = join(root, "data");
  const layout = embeddedDatabaseIn(root);
  const password = await passwordIn(layout.passwordPath);
  await endOrphan(data, deps);
  const binaries = await findBinaries();
  const how = await runAs({ root, data, postgres: binaries.postgres });
  if (!existsSync(join(data, "PG_VERSION"))) await initialise(root, password, binaries, how);
  const { port, user, database } = layout;
  const host = await socketDirectory(layout.host, how);
  const server: ServerProcess = await serverProcess({
    program: binaries.postgres,
    data,
    socketDirectory: host,
    port,
    how,
    logger: deps.logger,
    clock: deps.clock,
  });
  return {
    connection: { host, port, user, password, database },
    async stop() {
      await server.stop();
      await rm(host, { recursive: true, force: true });
      await release();
    },
  };
}
