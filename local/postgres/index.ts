/** The PostgreSQL of a laptop: started from the binaries that are installed with us, on a unix socket, one per state directory. */
export { type DatabaseConnection, type EmbeddedDatabase, type EmbeddedDatabaseDeps, startPostgres } from "./start-postgres.ts";
