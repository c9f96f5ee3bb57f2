import { EXIT, UserError } from "../context.ts";

export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

/** A connection as a URL says it, in libpq's form, so that psql takes the same text. */
export interface DatabaseAddress {
  /** Name, address, or directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  /** A file of this machine. */
  readonly sslRootCert: string | undefined;
}

const MODES: readonly string[] = ["disable", "require", "verify-ca", "verify-full"];
const PARAMETERS: readonly string[] = ["host", "port", "sslmode", "sslrootcert"];

export const isSocket = (host: string): boolean => host.startsWith("/");
/** What does not leave the machine needs no TLS: a forwarded port carries it already. */
const isNear = (host: string): boolean => isSocket(host) || ["localhost", "127.0.0.1", "::1"].includes(host);

function refuse(subject: string, message: string): never {
  throw new UserError(`${subject}: ${message}`, { exitCode: EXIT.usage, hint: "write it as postgresql://user@host:5432/database?sslmode=verify-full" });
}

function parsed(text: string, subject: string): URL {
  try {
    const url = new URL(text);
    if (/^postgres(ql)?:$/.test(url.protocol)) return url;
  } catch {
    // Its text may hold a password: it is not repeated.
  }
  return refuse(subject, "not a postgresql:// URL");
}

/** Reads `postgresql://user@host:port/database?sslmode=…&host=/socket/directory`. UserError naming `subject` when it is none. */
export function parseDatabaseUrl(text: string, subject: string): DatabaseAddress {
  const url = parsed(text, subject);
  const strange = [...url.searchParams.keys()].find((key) => !PARAMETERS.includes(key));
  if (strange !== undefined) refuse(subject, `parameter ${strange} is not one of ${PARAMETERS.join(", ")}`);
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.searchParams.get("port") ?? (url.port || 5432));
  if (host === "") refuse(subject, "it names no host");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse(subject, "its port is not a number from 1 to 65535");
  const sslMode = url.searchParams.get("sslmode") ?? (isNear(host) ? "disable" : "verify-full");
  if (!MODES.includes(sslMode)) refuse(subject, `sslmode=${sslMode} is not one of ${MODES.join(", ")}`);
  const user = decodeURIComponent(url.username) || "flyteops";
  return {
    host,
    port,
    user,
    password: decodeURIComponent(url.password) || undefined,
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    sslMode: sslMode as SslMode,
    sslRootCert: url.searchParams.get("sslrootcert") ?? undefined,
  };
}

/** The URL of an address, without its password. */
export function databaseUrl({ host, port, user, database, sslMode }: Omit<DatabaseAddress, "password" | "sslRootCert">): string {
  const url = new URL(`postgresql://${isSocket(host) ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}/`);
  url.username = user;
  url.pathname = `/${encodeURIComponent(database)}`;
  if (isSocket(host)) url.searchParams.set("host", host);
  url.searchParams.set("sslmode", sslMode);
  return url.href;
}
