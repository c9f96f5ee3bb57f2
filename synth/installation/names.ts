/** Objects that others look up by name. */
export const NAME = {
  /** Holds config.yaml, mounted into every program. */
  config: "flyteops-config",
  /** Says where the object store and the archive are, for clients. */
  facts: "flyteops",
  flow: "flyteops",
  signalPolicy: "flyteops-signals",
  volume: "flyteops-data",
  /** Of the program in its pod. */
  container: "flyteops",
  uninstall: "flyteops-uninstall",
  /** The Service of the read-only API. */
  api: "flyteops-api",
  /** Of the API in its pod. */
  apiContainer: "api",
  /** Holds the token of the API's account where it shares a pod with the controllers. */
  apiToken: "flyteops-api-token",
} as const;

/** Where the programs find what is theirs. */
export const MOUNT = {
  config: "/etc/flyteops/config.d",
  databaseSecret: "/etc/flyteops/secrets/database",
  storageSecret: "/etc/flyteops/secrets/storage",
  state: "/var/lib/flyteops",
  temporary: "/tmp",
  /** Where Kubernetes puts the token of a pod's account: what is mounted there already stays. */
  token: "/var/run/secrets/kubernetes.io/serviceaccount",
} as const;

/** The API has its own, because it may share a pod with the controllers. */
export const PORT = { health: 8081, metrics: 9090, api: 8090, apiHealth: 8082, apiMetrics: 9091 } as const;

/** Stands in the needs of a controller for the name that config.storage.secretName gives. */
export const STORAGE_SECRET_NAME = "STORAGE-SECRET-NAME";

/** The user and group of every container. */
export const UID = 65532;
