import type { Clock, Logger, Random } from "../../base/index.ts";
import type { Transport } from "../../kube/index.ts";
import type { PodLogSource } from "./pod-log-source.ts";
import type { ServerRequest, ServerResponse, User } from "./request.ts";
import type { ObjectLog } from "./storage/object-log.ts";

export interface ApiServerDeps {
  readonly clock: Clock;
  /** Generated names and uids. */
  readonly random: Random;
  readonly logger: Logger;
  readonly log: ObjectLog;
  /** Absent: the log route answers 501. */
  readonly podLogs?: PodLogSource;
  /** Bearer tokens and whom they stand for. */
  readonly tokens?: ReadonlyMap<string, User>;
}

export interface ApiServer {
  /** Answers one request. Never rejects. */
  handle(request: ServerRequest): Promise<ServerResponse>;
  /** A client seam without a socket, already authenticated as `user` (default: the administrator). */
  transport(user?: User): Transport;
  /** Ends every watch, waits for writes under way and closes the log. */
  close(): Promise<void>;
}
