import type pg from "pg";
import { TerminalFailure } from "../base/index.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Two programs that start at once must not migrate at once. */
const MIGRATION_LOCK = 728_301_554;

/** How many changes of the tables the database has had; 0 when it is new. */
export async function applied(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ there: boolean }>("SELECT to_regclass('flyteops.migrations') IS NOT NULL AS there");
  if (!rows[0]?.there) return 0;
  const counted = await client.query<{ count: number }>("SELECT count(*)::integer AS count FROM flyteops.migrations");
  return counted.rows[0]?.count ?? 0;
}

/** An account that may not make schemas may still be given one that is there. */
async function prepare(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>("SELECT to_regnamespace('flyteops') IS NOT NULL AS there");
  if (!rows[0]?.there) await client.query("CREATE SCHEMA flyteops");
  await client.query("CREATE TABLE IF NOT EXISTS flyteops.migrations (number integer PRIMARY KEY)");
}

/**
 * Brings the tables up to date: all of it or nothing, one program at a time. TerminalFailure `RecordsTooNew` when a newer program has
 * changed them already: what this one would write may not be what they mean now.
 */
export async function migrate(client: pg.ClientBase, migrations: readonly string[] = MIGRATIONS): Promise<void> {
  await client.query("BEGIN");
  try {
    // Whoever waits for the lock, or changes a large table, may take longer than a statement of every day.
    await client.query("SET LOCAL statement_timeout = 0");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    const count = await applied(client);
    if (count > migrations.length)
      throw new TerminalFailure(
        "RecordsTooNew",
        `the database was made by a newer flyteops (its tables have had ${count} changes, this program knows ${migrations.length}): run that version, or a newer one`,
      );
    if (count < migrations.length) await prepare(client);
    for (const [number, statements] of [...migrations.entries()].slice(count)) {
      await client.query(statements);
      await client.query("INSERT INTO flyteops.migrations VALUES ($1)", [number]);
    }
    await client.query("COMMIT");
  } catch (thrown) {
    // A connection that is lost has rolled back already.
    await client.query("ROLLBACK").catch(() => undefined);
    throw thrown;
  }
}
