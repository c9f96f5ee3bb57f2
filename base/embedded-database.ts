/** How the PostgreSQL that a program of ours keeps in a directory is reached. */
export interface EmbeddedDatabaseLayout {
  /** Directory of the unix socket, unless its path is too long for one. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** File, readable by its owner alone. */
  readonly passwordPath: string;
}

/** The port only names the socket: nothing listens on a network. */
export function embeddedDatabaseIn(directory: string): EmbeddedDatabaseLayout {
  return { host: `${directory}/socket`, port: 5432, user: "flyteops", database: "postgres", passwordPath: `${directory}/password` };
}
