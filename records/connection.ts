import { checkServerIdentity } from "node:tls";
import type pg from "pg";
import { parseJson } from "../base/index.ts";

/** How the server is known, in the words of libpq. */
export type TlsMode = "disable" | "require" | "verify-ca" | "verify-full";

/** Texts in PEM form, not paths: whoever calls reads the files. The fields are read at every new connection and may be getters, which must not throw. */
export interface RecordsTls {
  /** `require` encrypts and believes anybody, unless there is a root certificate: then it is `verify-ca`, as libpq has it. */
  readonly mode: TlsMode;
  /** Of the authorities that are believed; absent: those of the system. */
  readonly rootCertificate?: string | undefined;
  /** Ours, where the server asks for one, and its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** What one program may take of the database. Durations in milliseconds, 0 is none. */
export interface RecordsLimits {
  /** Connections open at once. Default 4. */
  readonly maxOpenConnections?: number | undefined;
  /** Connections kept open while nothing is asked. Default: as many as may be open. */
  readonly maxIdleConnections?: number | undefined;
  /** How long an idle connection is kept. Default 30 s. */
  readonly idleTimeoutMs?: number | undefined;
  /** After this a connection is replaced when it is next idle, so that load spreads over new servers. Default 1 h. */
  readonly connectionLifetimeMs?: number | undefined;
  /** Longest statement. Default 30 s. */
  readonly statementTimeoutMs?: number | undefined;
  /** Longest wait for a connection, a free one or a new one. Default 10 s. */
  readonly connectTimeoutMs?: number | undefined;
}

/** Where the records are and how to get in. */
export interface RecordsConnection {
  /** Name or address, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A function is asked at every new connection: a password that was changed in its file works without a restart. */
  readonly password: string | (() => Promise<string>);
  readonly database: string;
  readonly tls?: RecordsTls | undefined;
  readonly limits?: RecordsLimits | undefined;
}

const DEFAULTS = { open: 4, idleMs: 30_000, lifetimeMs: 3_600_000, statementMs: 30_000, connectMs: 10_000 } as const;
/** A server that has vanished never answers; it is given up this long after it should have ended the statement. */
const ANSWER_GRACE_MS = 5_000;
/** OIDs of json and jsonb. Big integers of a spec must come back as they went in. */
const JSON_TYPES: readonly number[] = [114, 3802];

function tlsOptions(host: string, tls: RecordsTls | undefined): pg.PoolConfig["ssl"] {
  if (!tls || tls.mode === "disable") return false;
  const mode = tls.mode === "require" && tls.rootCertificate !== undefined ? "verify-ca" : tls.mode;
  return {
    get ca() {
      return tls.rootCertificate;
    },
    get cert() {
      return tls.certificate;
    },
    get key() {
      return tls.key;
    },
    rejectUnauthorized: mode !== "require",
    // The name that is compared is the one that was asked for, also when that is an address.
    checkServerIdentity: (_name, certificate) => (mode === "verify-full" ? checkServerIdentity(host, certificate) : undefined),
  };
}

/** The connection in the words of `pg`. */
export function poolConfig(
  { host, port, user, password, database, tls, limits = {} }: RecordsConnection,
  parserOf: pg.CustomTypesConfig["getTypeParser"],
): pg.PoolConfig {
  const statementMs = limits.statementTimeoutMs ?? DEFAULTS.statementMs;
  const lifetimeMs = limits.connectionLifetimeMs ?? DEFAULTS.lifetimeMs;
  return {
    host,
    port,
    user,
    password,
    database,
    ssl: tlsOptions(host, tls),
    max: limits.maxOpenConnections ?? DEFAULTS.open,
    idleTimeoutMillis: limits.idleTimeoutMs ?? DEFAULTS.idleMs,
    maxLifetimeSeconds: Math.ceil(lifetimeMs / 1_000),
    connectionTimeoutMillis: limits.connectTimeoutMs ?? DEFAULTS.connectMs,
    ...(statementMs === 0 ? {} : { statement_timeout: statementMs, query_timeout: statementMs + ANSWER_GRACE_MS }),
    keepAlive: true,
    application_name: "flyteops",
    types: { getTypeParser: ((oid: number, format?: "text") => (JSON_TYPES.includes(oid) ? parseJson : parserOf(oid, format))) as typeof parserOf },
  };
}
