import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Clock, embeddedDatabaseIn, type Logger, type Random } from "../../base/index.ts";
import type { Transport } from "../../kube/index.ts";
import { databaseUrl, EXIT, UserError } from "../../cli/index.ts";
import {
  ADMINISTRATOR,
  type ApiServer,
  createApiServer,
  kubeconfig,
  listen,
  type Listener,
  loadPki,
  type Pki,
  type PodLogSource,
  type PodStreams,
  postgresLog,
} from "../../local/apiserver/index.ts";
import type { RecordsConnection } from "../../records/index.ts";
import { startPostgres } from "../../local/postgres/index.ts";

/** The kubelet needs the API and the API needs the kubelet's logs and streams: whoever comes second is filled in here. */
export interface LateNode {
  node: { readonly logs: PodLogSource; readonly streams: PodStreams } | undefined;
}

export interface ControlPlane {
  /** As administrator, without a socket. */
  readonly transport: Transport;
  readonly url: string;
  /** Of the authority that signed the server's own, PEM. */
  readonly certificate: string;
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  /** The database beside the API's own tables. */
  readonly database: RecordsConnection;
  /** What clients look up to read the archive: its URL, and the file with its password, which is this user's alone. */
  readonly archive: { readonly database: string; readonly databasePassword: string };
  /** Whether kubectl is on PATH. */
  readonly kubectl: boolean;
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly directory: string;
  readonly port: string | undefined;
  readonly late: LateNode;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

function hasProgram(path: string | undefined, program: string): boolean {
  return (path ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The port given, else the one of the last time, so that KUBECONFIG files and shells stay valid. */
function wantedPort(options: ControlPlaneOptions): { readonly port: number; readonly given: boolean } {
  if (options.port !== undefined) {
    const port = Number(options.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UserError(`--port ${options.port}: a number from 0 to 65535`, { exitCode: EXIT.usage });
    return { port, given: true };
  }
  try {
    return { port: Number(readFileSync(join(options.directory, "port"), "utf8")) || 0, given: false };
  } catch {
    return { port: 0, given: false };
  }
}

async function listenSomewhere(server: ApiServer, pki: Pki, options: ControlPlaneOptions): Promise<Listener> {
  const { port, given } = wantedPort(options);
  const deps = { handle: server.handle, pki, logger: options.logger };
  try {
    return await listen({ ...deps, port });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "EACCES")
      throw new UserError(`port ${port} of 127.0.0.1 is not allowed to this user`, {
        exitCode: EXIT.usage,
        hint: "choose one from 1024 up, or leave --port out",
      });
    if (code !== "EADDRINUSE") throw thrown;
    if (given) throw new UserError(`port ${port} of 127.0.0.1 is in use`, { exitCode: EXIT.usage, hint: "choose another, or leave --port out" });
    return listen({ ...deps, port: 0 });
  }
}

/** Starts database, API server and listener, and writes the kubeconfig. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, random, logger, directory } = options;
  const node = () => {
    if (!options.late.node) throw new Error("the kubelet has not started yet");
    return options.late.node;
  };
  const podLogs: PodLogSource = { read: (...request) => node().logs.read(...request) };
  const podStreams: PodStreams = {
    exec: async (...request) => node().streams.exec(...request),
    attach: (...request) => node().streams.attach(...request),
    connect: async (...request) => node().streams.connect(...request),
  };
  const keys = loadPki(join(directory, "pki"), clock);
  // Whoever awaits it below learns of its failure, after the database is there to be stopped.
  keys.catch(() => undefined);
  const database = await startPostgres({ clock, logger, directory: join(directory, "postgres") });
  try {
    const pki = await keys;
    const log = await postgresLog({ connection: database.connection, clock, logger });
    const tokens = new Map([[pki.token, ADMINISTRATOR]]);
    const server = await createApiServer({ clock, random, logger, log, podLogs, podStreams, tokens, signingKey: pki.signingKey });
    const listener = await listenSomewhere(server, pki, options);
    writeFileSync(join(directory, "port"), String(listener.port));
    const path = join(directory, "kubeconfig");
    writeFileSync(path, kubeconfig({ url: listener.url, ca: pki.ca, token: pki.token }), { mode: 0o600 });
    return {
      transport: server.transport(),
      url: listener.url,
      certificate: pki.ca,
      kubeconfig: path,
      database: database.connection,
      archive: {
        database: databaseUrl({ ...database.connection, sslMode: "disable" }),
        databasePassword: pathToFileURL(embeddedDatabaseIn(join(directory, "postgres")).passwordPath).href,
      },
      kubectl: hasProgram(options.environment["PATH"], "kubectl"),
      async stop() {
        await listener.close();
        await server.close();
        await database.stop();
      },
    };
  } catch (thrown) {
    await database.stop();
    throw thrown;
  }
}
