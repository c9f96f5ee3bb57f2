// The embedded API in a process of its own: PostgreSQL (or memory), pipeline, TLS. Speaks with bench over IPC.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger } from "../base/index.ts";
import { systemClock, systemRandom } from "../cmd/system.ts";
import { ADMINISTRATOR, createApiServer, kubeconfig, listen, loadPki, memoryLog, postgresLog } from "../local/apiserver/index.ts";
import { startPostgres } from "../local/postgres/index.ts";

/** Answer to the message "usage". */
export interface Usage {
  readonly rss: number;
  readonly heapUsed: number;
  /** Processor time of this process so far, microseconds. */
  readonly cpu: number;
}

const [directory = "", kind] = process.argv.slice(2);
const clock = systemClock;
const logger = { ...silentLogger, error: (message: string, fields?: unknown) => console.error(message, fields) };
const database = kind === "memory" ? undefined : await startPostgres({ clock, logger, directory: join(directory, "postgres") });
const log = database ? await postgresLog({ connection: database.connection, clock, logger }) : memoryLog();
const pki = await loadPki(join(directory, "pki"), clock);
const tokens = new Map([[pki.token, ADMINISTRATOR]]);
const server = await createApiServer({ clock, random: systemRandom, logger, log, tokens, signingKey: pki.signingKey });
const listener = await listen({ handle: server.handle, pki, logger, port: 0 });
const path = join(directory, "kubeconfig");
writeFileSync(path, kubeconfig({ url: listener.url, ca: pki.ca, token: pki.token }), { mode: 0o600 });

function usage(): Usage {
  global.gc?.();
  const { user, system } = process.cpuUsage();
  return { rss: process.memoryUsage.rss(), heapUsed: process.memoryUsage().heapUsed, cpu: user + system };
}

async function stop(): Promise<void> {
  await listener.close();
  await server.close();
  await database?.stop();
  process.exit(0);
}

process.on("message", (message) => (message === "usage" ? process.send?.(usage()) : void stop()));
process.on("disconnect", () => void stop());
process.on("SIGINT", () => undefined);
process.send?.({ kubeconfig: path });
