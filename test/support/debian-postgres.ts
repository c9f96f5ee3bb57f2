import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RecordsConnection } from "../../records/index.ts";

const ROOT = "/usr/lib/postgresql";

/** The programs of the PostgreSQL that the system has, the newest; undefined when there is none. */
export function systemPostgres(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(ROOT, version, "bin")).find((directory) => existsSync(join(directory, "initdb")));
}

/** PEM texts: an authority, and what it signed for a server and for the account `flyteops`. */
export interface Certificates {
  readonly authority: string;
  readonly stranger: string;
  readonly server: string;
  readonly serverKey: string;
  readonly client: string;
  readonly clientKey: string;
}

function sign(directory: string, name: string, subject: string, alternative: string | undefined): void {
  const path = (suffix: string) => join(directory, `${name}.${suffix}`);
  const run = (...args: string[]) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
  run("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", path("key"), "-out", path("csr"), "-subj", `/CN=${subject}`);
  const extensions = alternative === undefined ? [] : ["-extfile", path("ext")];
  if (alternative !== undefined) writeFileSync(path("ext"), `subjectAltName=${alternative}\n`);
  const by = ["-CA", join(directory, "authority.crt"), "-CAkey", join(directory, "authority.key"), "-CAcreateserial"];
  run("x509", "-req", "-in", path("csr"), ...by, "-days", "2", "-out", path("crt"), ...extensions);
}

/** Made for this test alone, valid for two days. */
export function makeCertificates(alternative: string): Certificates {
  const directory = mkdtempSync(join(tmpdir(), "flyteops-certificates-"));
  try {
    for (const name of ["authority", "stranger"]) {
      const files = ["-keyout", join(directory, `${name}.key`), "-out", join(directory, `${name}.crt`)];
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${name}`, ...files], { stdio: "pipe" });
    }
    sign(directory, "server", "postgres", alternative);
    sign(directory, "client", "flyteops", undefined);
    const text = (name: string) => readFileSync(join(directory, name), "utf8");
    return {
      authority: text("authority.crt"),
      stranger: text("stranger.crt"),
      server: text("server.crt"),
      serverKey: text("server.key"),
      client: text("client.crt"),
      clientKey: text("client.key"),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export interface SystemPostgres {
  /** By TCP, as the account flyteops, without TLS. */
  readonly connection: RecordsConnection & { readonly password: string };
  /** Runs SQL as the superuser, in the database postgres or another. */
  sql(statement: string, database?: string): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and deletes everything. */
  close(): Promise<void>;
}

/** The server refuses to run as root; the package made an account for it. */
function account(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ids = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: ids("-u"), gid: ids("-g") };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/**
 * A server of the system's PostgreSQL on a port of 127.0.0.1, with a database and an account of our own. With certificates it takes TLS only, and
 * the account `certified` only with a certificate.
 */
export async function startSystemPostgres(programs: string, certificates?: Certificates): Promise<SystemPostgres> {
  const ids = account();
  const directory = mkdtempSync(join(tmpdir(), "flyteops-system-pg-"));
  const own = (path: string, mode: number) => {
    if (ids) chownSync(path, ids.uid, ids.gid);
    chmodSync(path, mode);
  };
  own(directory, 0o700);
  const environment = { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, cwd: "/", ...ids };
  const data = join(directory, "data");
  const write = (path: string, text: string) => {
    writeFileSync(path, text);
    own(path, 0o600);
    return path;
  };
  const passwordFile = write(join(directory, "password"), "first");
  const made = ["-D", data, `--pwfile=${passwordFile}`, "--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"];
  await promisify(execFile)(join(programs, "initdb"), made, environment);
  const tls = ["-c", "ssl=on", "-c", "ssl_ca_file=authority.crt"];
  if (certificates) {
    for (const [name, text] of [["server.crt", certificates.server], ["server.key", certificates.serverKey], ["authority.crt", certificates.authority]] as const) write(join(data, name), text); // prettier-ignore
    const lines = ["local all all scram-sha-256", "hostssl all certified all cert map=ours", "hostssl all all all scram-sha-256"];
    write(join(data, "pg_hba.conf"), `${lines.join("\n")}\n`);
    write(join(data, "pg_ident.conf"), "ours flyteops certified\n");
  }
  const port = await freePort();
  const quick = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", directory, "-p", String(port)];
  let ended: Promise<void> = Promise.resolve();
  let server: ReturnType<typeof spawn> | undefined;

  async function sql(statement: string, database = "postgres"): Promise<void> {
    const args = ["-h", directory, "-p", String(port), "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-c", statement];
    await promisify(execFile)(join(programs, "psql"), args, { env: { PATH: "/usr/bin:/bin", PGPASSWORD: "first" } });
  }
  async function start(): Promise<void> {
    const process_ = spawn(join(programs, "postgres"), ["-D", data, ...quick, ...(certificates ? tls : [])], {
      ...environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    server = process_;
    ended = new Promise((resolve) => process_.once("exit", () => resolve()));
    await new Promise<void>((resolve, reject) => {
      let said = "";
      process_.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes("ready to accept connections")) resolve();
      });
      process_.once("exit", () => reject(new Error(`postgres ended: ${said}`)));
    });
  }
  async function stop(): Promise<void> {
    server?.kill("SIGINT");
    await ended;
  }
  await start();
  await sql("CREATE ROLE flyteops LOGIN PASSWORD 'first'");
  await sql("CREATE ROLE certified LOGIN");
  await sql("CREATE DATABASE flyteops OWNER flyteops");
  return {
    connection: { host: "127.0.0.1", port, user: "flyteops", password: "first", database: "flyteops" },
    sql,
    start,
    stop,
    async close() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
