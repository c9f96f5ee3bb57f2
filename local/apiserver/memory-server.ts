import { type Clock, type Random, seededRandom, silentLogger } from "../../base/index.ts";
import type { PodLogSource } from "./pod-log-source.ts";
import { type ApiServer, createApiServer } from "./server.ts";
import { memoryLog } from "./storage/memory-log.ts";
import type { ObjectLog } from "./storage/object-log.ts";

export interface MemoryServerOptions {
  readonly clock: Clock;
  /** Default: a fixed seed, so that names and uids repeat. */
  readonly random?: Random;
  readonly log?: ObjectLog;
  readonly podLogs?: PodLogSource;
}

/** The whole API server over a log that forgets: for tests of everything that talks to a Kubernetes API. */
export function memoryApiServer({ clock, random = seededRandom(1), log = memoryLog(), podLogs }: MemoryServerOptions): Promise<ApiServer> {
  return createApiServer({ clock, random, logger: silentLogger, log, ...(podLogs ? { podLogs } : {}) });
}
