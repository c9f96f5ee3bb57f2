import { type ChildProcess, spawn } from "node:child_process";
import { type Clock, type Logger, messageOf, sleep, TerminalFailure } from "../../base/index.ts";
import { PROGRAM_PATH, type RunAs, serverPrefix } from "./run-as.ts";

export interface ServerProcessSpec {
  readonly program: string;
  readonly data: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly how: RunAs;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface ServerProcess {
  stop(): Promise<void>;
}

/** Small and durable: a commit is on disk before it is acknowledged. */
function settings({ data, socketDirectory, port }: ServerProcessSpec): string[] {
  const options: Record<string, string | number> = {
    listen_addresses: "",
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: "0700",
    fsync: "on",
    synchronous_commit: "on",
    shared_buffers: "32MB",
    max_connections: 40,
    max_wal_size: "256MB",
    wal_level: "minimal",
    max_wal_senders: 0,
    jit: "off",
    log_min_messages: "log",
    logging_collector: "off",
    timezone: "UTC",
  };
  return ["-D", data, "-p", String(port), ...Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

const RESTART_PAUSE_MS = 1_000;
const READY = "ready to accept connections";

/** Resolves when the server says that it is ready; rejects with its last words when it ends before. */
function ready(child: ChildProcess, logger: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let words = "";
    child.stderr?.on("data", (data: Buffer) => {
      const text = data.toString();
      words = (words + text).slice(-2_000);
      logger.debug("database", { text: text.trim() });
      if (words.includes(READY)) resolve();
    });
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      reject(new TerminalFailure("DatabaseNotStarted", `PostgreSQL ended with ${signal ?? code}: ${words.trim().split("\n").slice(-3).join("; ")}`)),
    );
  });
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

async function start(spec: ServerProcessSpec): Promise<Started> {
  const [command = spec.program, ...args] = [...(await serverPrefix(spec.how)), spec.program, ...settings(spec)];
  const child = spawn(command, args, { ...spec.how.ids, cwd: "/", env: { PATH: PROGRAM_PATH, LC_ALL: "C" }, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await ready(child, spec.logger);
  return { child, ended };
}

/** Starts the server, waits until it takes connections, and starts it again whenever it ends by itself. */
export async function serverProcess(spec: ServerProcessSpec): Promise<ServerProcess> {
  const { logger, clock } = spec;
  let running = await start(spec);
  let stopping = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      await running.ended;
      if (stopping) return;
      logger.error("the database ended by itself; starting it again");
      const again = await start(spec).catch((thrown: unknown) => logger.error("the database did not start", { error: messageOf(thrown) }));
      if (again) running = again;
      if (again && stopping) again.child.kill("SIGINT");
      if (!again) await sleep(clock, RESTART_PAUSE_MS);
    }
  };
  const watched = watch();
  return {
    async stop() {
      stopping = true;
      running.child.kill("SIGINT");
      await watched;
    },
  };
}
