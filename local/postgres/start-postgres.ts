import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Clock, Logger } from "../../base/index.ts";
import { findBinaries } from "./binaries.ts";
import { DATABASE_USER, initialise } from "./initialise.ts";
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

/** A socket's path may have 107 bytes; the port names the socket, nothing listens on a network. */
const LONGEST_SOCKET_DIRECTORY = 80;
const PORT = 5432;

async function passwordOf(root: string): Promise<string> {
  const file = join(root, "password");
  const known = await readFile(file, "utf8").catch(() => "");
  if (known !== "") return known;
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

async function socketDirectory(root: string, how: RunAs): Promise<string> {
  const near = join(root, "socket");
  const directory = near.length <= LONGEST_SOCKET_DIRECTORY ? near : await mkdtemp(join(tmpdir(), "flyteops-db-"));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  if (how.ids) await chown(directory, how.ids.uid, how.ids.gid);
  return directory;
}

function connectionTo(host: string, port: number, password: string): DatabaseConnection {
  return { host, port, user: DATABASE_USER, password, database: "postgres" };
}

/** A server that outlived the program that started it is used as it is. */
async function adopted(data: string, password: string, { clock, logger }: EmbeddedDatabaseDeps): Promise<EmbeddedDatabase | undefined> {
  const found = await runningPostmaster(data);
  if (!found) return undefined;
  logger.info("the database is running already", { pid: found.pid });
  return { connection: connectionTo(found.socketDirectory, found.port, password), stop: () => stopPostmaster(found.pid, clock) };
}

/**
 * Starts the PostgreSQL that is installed with us, on a unix socket only, making its data directory first when there is
 * none. Works as root (in a user namespace, or as the account postgres or nobody) and as any other user. Rejects with
 * TerminalFailure when it cannot run here.
 */
export async function startPostgres(deps: EmbeddedDatabaseDeps): Promise<EmbeddedDatabase> {
  const root = resolve(deps.directory);
  const data = join(root, "data");
  await mkdir(root, { recursive: true, mode: 0o711 });
  const password = await passwordOf(root);
  const running = await adopted(data, password, deps);
  if (running) return running;
  const [binaries, how] = await Promise.all([findBinaries(), runAs(data)]);
  if (!existsSync(join(data, "PG_VERSION"))) await initialise(root, password, binaries, how);
  const host = await socketDirectory(root, how);
  const server: ServerProcess = await serverProcess({ program: binaries.postgres, data, socketDirectory: host, port: PORT, how, logger: deps.logger });
  return { connection: connectionTo(host, PORT, password), stop: () => server.stop() };
}
