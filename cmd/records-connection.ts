import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { embeddedDatabaseIn, messageOf, parseDuration, TerminalFailure } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { RecordsConnection, RecordsTls } from "../records/index.ts";

type Database = Config["database"];

function unreadable(key: string, path: string, thrown: unknown): TerminalFailure {
  return new TerminalFailure("ConfigInvalid", `database.postgres.${key}: ${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
}

function textOf(key: string, path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, "utf8");
  } catch (thrown) {
    throw unreadable(key, path ?? "", thrown);
  }
}

/** The text of a file as it is now, or as it last was while it is being replaced. */
function newestText(key: string, path: string | undefined): () => string | undefined {
  let last = textOf(key, path);
  return () => {
    try {
      last = textOf(key, path);
    } catch {
      // Certificates that are no longer good are refused by the server.
    }
    return last;
  };
}

function tlsOf({ options, rootCertPath, certPath, keyPath }: Database["postgres"]): RecordsTls {
  const root = newestText("rootCertPath", rootCertPath);
  const [certificate, key] = [newestText("certPath", certPath), newestText("keyPath", keyPath)];
  return {
    mode: (options.replace(/^sslmode=/, "") || "verify-full") as RecordsTls["mode"],
    get rootCertificate() {
      return root();
    },
    get certificate() {
      return certificate();
    },
    get key() {
      return key();
    },
  };
}

/** Asked at every new connection; a Secret that is rotated is a file that changes. */
function passwordOf({ passwordPath }: Database["postgres"]): RecordsConnection["password"] {
  if (passwordPath === undefined) return "";
  return async () => {
    try {
      return (await readFile(passwordPath, "utf8")).replace(/\r?\n$/, "");
    } catch (thrown) {
      throw unreadable("passwordPath", passwordPath, thrown);
    }
  };
}

/** How a program beside the controllers reaches the PostgreSQL that those started. */
export function embeddedConnection(directory: string): RecordsConnection {
  const { host, port, user, database, passwordPath } = embeddedDatabaseIn(directory);
  return { host, port, user, database, password: async () => (await readFile(passwordPath, "utf8")).trim() };
}

/**
 * The external PostgreSQL that a configuration names. Password and certificates are read again for every new connection, so that they may be rotated.
 * TerminalFailure naming the key of a certificate that cannot be read now.
 */
export function recordsConnectionOf(database: Database): RecordsConnection {
  const { host, port, dbname, username } = database.postgres;
  return {
    host,
    port,
    user: username,
    database: dbname,
    password: passwordOf(database.postgres),
    tls: host.startsWith("/") ? { mode: "disable" } : tlsOf(database.postgres),
    limits: {
      maxOpenConnections: database.maxOpenConnections,
      maxIdleConnections: database.maxIdleConnections,
      idleTimeoutMs: parseDuration(database.connMaxIdleTime),
      connectionLifetimeMs: parseDuration(database.connMaxLifeTime),
      connectTimeoutMs: parseDuration(database.connectTimeout),
      statementTimeoutMs: parseDuration(database.statementTimeout),
    },
  };
}
