import pg from "pg";
import { type Logger, messageOf, RetryableFailure, stringifyJson } from "../base/index.ts";
import { MIGRATIONS } from "./migrations.ts";

/** What `pg` needs to connect. */
export interface RecordsConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** A Run that has ended, with its actions, as they stood then. */
export interface ArchivedRun {
  readonly uid: string;
  readonly project: string;
  readonly domain: string;
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  /** RFC 3339. */
  readonly startedAt: string | undefined;
  readonly endedAt: string;
  readonly run: unknown;
  readonly actions: readonly unknown[];
}

/** What outlives the resources. Every method rejects with RetryableFailure `RecordsUnavailable`. */
export interface Records {
  /** Keeps a Run. The first time counts: later calls with the same uid change nothing. */
  archiveRun(run: ArchivedRun): Promise<void>;
  /** Archived Runs of one name, the newest first. */
  runsNamed(namespace: string, name: string): Promise<readonly ArchivedRun[]>;
  close(): Promise<void>;
}

/** Two programs that start at once must not migrate at once. */
const MIGRATION_LOCK = 728_301_554;
const CONNECTIONS = 4;

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query("CREATE SCHEMA IF NOT EXISTS flyteops");
    await client.query("CREATE TABLE IF NOT EXISTS flyteops.migrations (number integer PRIMARY KEY)");
    const { rows } = await client.query<{ count: string }>("SELECT count(*) FROM flyteops.migrations");
    for (const [number, statements] of [...MIGRATIONS.entries()].slice(Number(rows[0]?.count ?? 0))) {
      await client.query("BEGIN");
      await client.query(statements);
      await client.query("INSERT INTO flyteops.migrations VALUES ($1)", [number]);
      await client.query("COMMIT");
    }
  } finally {
    // Ends the session, and with it the lock and a transaction that failed.
    client.release(true);
  }
}

interface Row {
  uid: string;
  project: string;
  domain: string;
  namespace: string;
  name: string;
  phase: string;
  started_at: Date | null;
  ended_at: Date;
  run: unknown;
  actions: unknown[];
}

const archivedRun = ({ started_at, ended_at, ...row }: Row): ArchivedRun => ({ ...row, startedAt: started_at?.toISOString(), endedAt: ended_at.toISOString() });

async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw new RetryableFailure("RecordsUnavailable", `the database did not take it: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Opens the records and brings their tables up to date. Rejects with RetryableFailure. */
export async function openRecords({ connection, logger }: { readonly connection: RecordsConnection; readonly logger: Logger }): Promise<Records> {
  const pool = new pg.Pool({ ...connection, max: CONNECTIONS });
  pool.on("error", (error) => logger.info("a database connection was lost", { error: error.message }));
  await reachable(() => migrate(pool));
  return {
    archiveRun: (run) =>
      reachable(async () => {
        await pool.query(
          `INSERT INTO flyteops.runs (uid, project, domain, namespace, name, phase, started_at, ended_at, run, actions)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (uid) DO NOTHING`,
          [
            run.uid,
            run.project,
            run.domain,
            run.namespace,
            run.name,
            run.phase,
            run.startedAt ?? null,
            run.endedAt,
            stringifyJson(run.run),
            stringifyJson(run.actions),
          ],
        );
      }),
    runsNamed: (namespace, name) =>
      reachable(async () => {
        const columns = "uid, project, domain, namespace, name, phase, started_at, ended_at, run, actions";
        const { rows } = await pool.query<Row>(`SELECT ${columns} FROM flyteops.runs WHERE namespace = $1 AND name = $2 ORDER BY ended_at DESC LIMIT 100`, [
          namespace,
          name,
        ]);
        return rows.map(archivedRun);
      }),
    close: () => pool.end(),
  };
}
