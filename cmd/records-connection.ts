import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { messageOf, parseDuration, TerminalFailure } from "../base/index.ts";
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

function tlsOf({ options, rootCertPath, certPath, keyPath }: Database["postgres"]): RecordsTls {
  return {
    mode: (options.replace(/^sslmode=/, "") || "verify-full") as RecordsTls["mode"],
    rootCertificate: textOf("rootCertPath", rootCertPath),
    certificate: textOf("certPath", certPath),
    key: textOf("keyPath", keyPath),
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

/**
 * The external PostgreSQL that a configuration names. The password is read again for every connection; certificates are read now, so those that are rotated
 * want a restart. TerminalFailure naming the key of a file that cannot be read.
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
