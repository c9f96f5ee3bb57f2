/** The Kubernetes API of a laptop: everything in memory over one append log, answered by one pipeline. */
export { ADMINISTRATOR } from "./authenticate.ts";
export type { Attributes, Authorizer } from "./authorize.ts";
export { kubeconfig, type KubeconfigSpec } from "./listener/kubeconfig.ts";
export { listen, type Listener, type ListenerDeps } from "./listener/listen.ts";
export { loadPki, type Pki } from "./listener/pki.ts";
export { memoryApiServer, type MemoryServerOptions } from "./memory-server.ts";
export type { PodLogOptions, PodLogSource } from "./pod-log-source.ts";
export type { ExecStreams, PodStreams } from "./pod-streams.ts";
export type { ServerRequest, ServerResponse, User } from "./request.ts";
export { type ApiServer, type ApiServerDeps, createApiServer } from "./server.ts";
export { memoryLog } from "./storage/memory-log.ts";
export type { LogRow, LogSnapshot, ObjectLog } from "./storage/object-log.ts";
export { type PostgresConnection, postgresLog, type PostgresLogDeps } from "./storage/postgres-log.ts";
