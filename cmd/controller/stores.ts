import type { Logger } from "../../base/index.ts";
import { type BlobStore, openBlobStore, storageEnvironmentOf, storageRootOf } from "../../blobs/index.ts";
import { type CliDeps, EXIT, UserError } from "../../cli/index.ts";
import type { Config } from "../../config/index.ts";
import { startPostgres } from "../../local/postgres/index.ts";
import { lazyRecords, type Records } from "../../records/index.ts";
import { recordsConnectionOf } from "../records-connection.ts";

/** What outlives this program. */
export interface Stores {
  readonly records: Records;
  readonly blobs: BlobStore;
  /** The words of the environment for the object store, for the copilots. */
  readonly storageEnv: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

async function openDatabase(config: Config, cli: CliDeps, logger: Logger): Promise<{ readonly records: Records; close(): Promise<void> }> {
  if (!config.database.embedded) {
    const records = lazyRecords({ connection: recordsConnectionOf(config.database), logger });
    return { records, close: () => records.close() };
  }
  const postgres = await startPostgres({ clock: cli.clock, logger, directory: config.database.embeddedDirectory });
  const records = lazyRecords({ connection: postgres.connection, logger });
  return {
    records,
    async close() {
      await records.close();
      await postgres.stop();
    },
  };
}

/** Opens the database and the object store that the configuration names. Neither need answer yet; TerminalFailure and UserError for what never will. */
export async function openStores(config: Config, cli: CliDeps, logger: Logger): Promise<Stores> {
  const { storage } = config;
  if (storage.type === "mem")
    throw new UserError("storage.type mem keeps data in this program only, where no pod can read it: use s3, google, azure or local", { exitCode: EXIT.usage });
  if (storage.type === "local") logger.info("objects are kept in a directory, which every pod must see at the same path", { directory: storage.directory });
  const storageEnv = await storageEnvironmentOf(storage);
  const blobs = openBlobStore(storageRootOf(storage), { clock: cli.clock, random: cli.random, environment: { ...cli.env, ...storageEnv } });
  return { ...(await openDatabase(config, cli, logger)), blobs, storageEnv };
}
