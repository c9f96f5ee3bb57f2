import pg from "pg";
import { Failure, type Logger, messageOf, RetryableFailure } from "../base/index.ts";
import type { RunArchive, RunHistory } from "./archived-run.ts";
import { poolConfig, type RecordsConnection } from "./connection.ts";
import { applied, migrate } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";
import { insertRun, selectRun, selectRuns, selectUids } from "./run-rows.ts";

/** What outlives the resources. Methods reject with RetryableFailure `RecordsUnavailable`, or TerminalFailure `RecordsTooNew`. */
export interface Records extends RunArchive, RunHistory {
  /** Resolves when the database was reached and its tables are up to date. Every method waits for this by itself. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface RecordsDeps {
  readonly connection: RecordsConnection;
  readonly logger: Logger;
}

/** SQLSTATEs of a table and a schema that are not there. */
const NOT_THERE = new Set(["42P01", "3F000"]);

function unavailable(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new RetryableFailure("RecordsUnavailable", `the database did not take it: ${messageOf(thrown)}`, { cause: thrown });
}

type Work<T> = (client: pg.PoolClient) => Promise<T>;

/** Lends connections of one pool. Whoever fails with one gives it back broken: nobody knows what it would do next. */
function lender({ connection, logger }: RecordsDeps): { lend<T>(work: Work<T>): Promise<T>; close(): Promise<void> } {
  const pool = new pg.Pool(poolConfig(connection, pg.types.getTypeParser));
  // Idle connections end when the server does; the next one asked for is new.
  pool.on("error", (error) => logger.info("a database connection was lost", { error: error.message }));
  const idle = connection.limits?.maxIdleConnections ?? Infinity;
  return {
    async lend(work) {
      const client = await pool.connect();
      let keep = false;
      try {
        const result = await work(client);
        keep = pool.idleCount < idle;
        return result;
      } finally {
        client.release(!keep);
      }
    },
    close: () => pool.end(),
  };
}

/** The records, reached and brought up to date when they are first needed: a program may start before its database. */
export function lazyRecords(deps: RecordsDeps): Records {
  const { lend, close } = lender(deps);
  let upToDate: Promise<void> | undefined;
  const ready = (): Promise<void> => {
    upToDate ??= lend(migrate).catch((thrown: unknown) => {
      upToDate = undefined;
      throw unavailable(thrown);
    });
    return upToDate;
  };
  const using = async <T>(work: Work<T>): Promise<T> => {
    await ready();
    return lend(work).catch((thrown: unknown) => {
      throw unavailable(thrown);
    });
  };
  return {
    ready,
    archiveRun: (run) => using((client) => insertRun(client, run)),
    ...history(using),
    close,
  };
}

function history(using: <T>(work: Work<T>) => Promise<T>): RunHistory {
  return {
    runs: (query) => using((client) => selectRuns(client, query)),
    run: (uid) => using((client) => selectRun(client, uid)),
    uidsOf: async (manifests) => (manifests.length === 0 ? [] : using((client) => selectUids(client, manifests))),
  };
}

/** Opens the records and brings their tables up to date. Rejects with RetryableFailure or TerminalFailure. */
export async function openRecords(deps: RecordsDeps): Promise<Records> {
  const records = lazyRecords(deps);
  try {
    await records.ready();
    return records;
  } catch (thrown) {
    await records.close();
    throw thrown;
  }
}

/** How many changes the tables of an archive have had, 0 where nobody has made them, and how many this program knows. Rejects with RetryableFailure. */
export async function archiveState(deps: RecordsDeps): Promise<{ readonly applied: number; readonly known: number }> {
  const { lend, close } = lender(deps);
  try {
    return { applied: await lend(applied), known: MIGRATIONS.length };
  } catch (thrown) {
    throw unavailable(thrown);
  } finally {
    await close();
  }
}

/** The archive for whoever only reads: changes no table, and an archive that nobody has made yet is empty. */
export function openHistory(deps: RecordsDeps): RunHistory & { close(): Promise<void> } {
  const { lend, close } = lender(deps);
  const reading = async <T>(empty: T, work: Work<T>): Promise<T> => {
    try {
      return await lend(async (client) => {
        await client.query("SET default_transaction_read_only = on");
        return work(client);
      });
    } catch (thrown) {
      if (NOT_THERE.has(String((thrown as { code?: unknown }).code))) return empty;
      throw unavailable(thrown);
    }
  };
  return {
    runs: (query) => reading([], (client) => selectRuns(client, query)),
    run: (uid) => reading(undefined, (client) => selectRun(client, uid)),
    uidsOf: (manifests) => reading([], (client) => selectUids(client, manifests)),
    close,
  };
}
