/** Objects that others look up by name. */
export const NAME = {
  /** Holds config.yaml, mounted into every program. */
  config: "flyteops-config",
  /** Says where the object store is, for clients. */
  facts: "flyteops",
  flow: "flyteops",
  signalPolicy: "flyteops-signals",
  volume: "flyteops-data",
  /** Of the program in its pod. */
  container: "flyteops",
  uninstall: "flyteops-uninstall",
} as const;

/** Where the programs find what is theirs. */
export const MOUNT = {
  config: "/etc/flyteops/config.d",
  databaseSecret: "/etc/flyteops/secrets/database",
  storageSecret: "/etc/flyteops/secrets/storage",
  state: "/var/lib/flyteops",
  temporary: "/tmp",
} as const;

export const PORT = { health: 8081, metrics: 9090 } as const;

/** The user and group of every container. */
export const UID = 65532;
