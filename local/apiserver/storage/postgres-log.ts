import pg from "pg";
import { type Clock, type Logger, messageOf, RetryableFailure, sleep, TerminalFailure } from "../../../base/index.ts";
import type { LogRow, LogSnapshot, ObjectLog } from "./object-log.ts";

/** What `pg` needs to connect. */
export interface PostgresConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface PostgresLogDeps {
  readonly connection: PostgresConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long another writer may take to leave; default 5 s. */
  readonly lockPatienceMs?: number;
}

/** The row that holds the highest resourceVersion; no object has this key. */
const HEAD = "";
/** One writer per database. */
const WRITER_LOCK = 0x666c7974;
const LOCK_PATIENCE_MS = 5_000;
const LOCK_PAUSE_MS = 50;
const APPEND_TRIES = 5;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** With its schema: a bare name would mean another table as soon as somebody makes a schema named like the user. */
const SCHEMA = `CREATE TABLE IF NOT EXISTS public.kubernetes_objects (
  key text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  resource_version bigint NOT NULL,
  value bytea NOT NULL
)`;

/** One statement is one transaction and one round trip: deletions, the head, and all objects cut out of one buffer. */
const APPEND = {
  name: "append",
  text: `WITH gone AS (DELETE FROM public.kubernetes_objects WHERE key = ANY($1::text[])),
  head AS (INSERT INTO public.kubernetes_objects VALUES ('', 'head', $2::bigint, '')
    ON CONFLICT (key) DO UPDATE SET resource_version = excluded.resource_version)
INSERT INTO public.kubernetes_objects
  SELECT key, kind, resource_version, substring($3::bytea FROM start FOR length)
  FROM unnest($4::text[], $5::text[], $6::bigint[], $7::int[], $8::int[]) AS row (key, kind, resource_version, start, length)
ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, resource_version = excluded.resource_version, value = excluded.value`,
};

/** The last row of every key, in order. */
function latest(batch: readonly LogRow[]): LogRow[] {
  return [...new Map(batch.map((row) => [row.key, row])).values()];
}

function parameters(batch: readonly LogRow[]): unknown[] {
  const rows = latest(batch);
  const kept = rows.filter((row): row is LogRow & { value: Uint8Array } => row.value !== undefined);
  const starts: number[] = [];
  let at = 1;
  for (const { value } of kept) {
    starts.push(at);
    at += value.byteLength;
  }
  return [
    rows.filter((row) => row.value === undefined).map((row) => row.key),
    batch.at(-1)?.resourceVersion ?? 0,
    Buffer.concat(kept.map((row) => row.value)),
    kept.map((row) => row.key),
    kept.map((row) => row.kind),
    kept.map((row) => row.resourceVersion),
    starts,
    kept.map((row) => row.value.byteLength),
  ];
}

/** Waits for a killed predecessor's connection to be noticed; another living writer is refused. */
async function lock(client: pg.Client, clock: Clock, patienceMs: number): Promise<void> {
  for (let waited = 0; waited < patienceMs; waited += LOCK_PAUSE_MS) {
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [WRITER_LOCK]);
    if (rows[0]?.locked) return;
    await sleep(clock, LOCK_PAUSE_MS);
  }
  throw new TerminalFailure("DatabaseInUse", "another API server is using this database");
}

async function connected({ connection, clock, logger, lockPatienceMs = LOCK_PATIENCE_MS }: PostgresLogDeps): Promise<pg.Client> {
  const client = new pg.Client(connection);
  client.on("error", (cause) => logger.error("connection to the database lost", { error: cause.message }));
  await client.connect();
  try {
    await lock(client, clock, lockPatienceMs);
  } catch (thrown) {
    await client.end();
    throw thrown;
  }
  return client;
}

async function headOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ resource_version: string }>("SELECT resource_version FROM public.kubernetes_objects WHERE key = $1", [HEAD]);
  return Number(rows[0]?.resource_version ?? 0);
}

interface Row {
  key: string;
  kind: string;
  version: string;
  value: Buffer;
}

/** An SQL error means that the statement did nothing; anything else leaves it open. */
function refused(thrown: unknown): boolean {
  return thrown instanceof pg.DatabaseError && !thrown.code?.startsWith("57P") && !thrown.code?.startsWith("08");
}

/** Keeps objects in one table of a PostgreSQL database, over one connection. The table is made when missing. */
export async function postgresLog(deps: PostgresLogDeps): Promise<ObjectLog> {
  let client = await connected(deps);
  await client.query(SCHEMA);
  let closed = false;
  /** Waits as long as it takes: without the database nobody can say what became of a write. */
  const reconnect = async (): Promise<void> => {
    await client.end().catch(() => {});
    for (let pause = FIRST_PAUSE_MS; !closed; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        client = await connected(deps);
        return;
      } catch (thrown) {
        deps.logger.error("the database cannot be reached", { error: messageOf(thrown) });
        await sleep(deps.clock, pause);
      }
    }
  };
  const isStored = async (last: number): Promise<boolean> => {
    for (;;) {
      await reconnect();
      try {
        return (await headOf(client)) >= last;
      } catch (thrown) {
        if (refused(thrown) || closed) throw thrown;
      }
    }
  };
  /** False when the connection broke and nothing was stored: to be tried again. */
  const stored = async (batch: readonly LogRow[], last: number): Promise<boolean> => {
    try {
      await client.query({ ...APPEND, values: parameters(batch) });
      return true;
    } catch (thrown) {
      if (refused(thrown) || closed) throw thrown;
      deps.logger.error("the outcome of a write is unknown; asking again", { error: messageOf(thrown) });
      return isStored(last);
    }
  };
  return {
    async load(): Promise<LogSnapshot> {
      const resourceVersion = await headOf(client);
      const text = "SELECT key, kind, resource_version::text AS version, value FROM public.kubernetes_objects WHERE key <> '' ORDER BY resource_version";
      const { rows } = await client.query<Row>({ text, binary: true } as pg.QueryConfig);
      return { resourceVersion, rows: rows.map(({ key, kind, version, value }) => ({ key, kind, resourceVersion: Number(version), value })) };
    },
    async append(batch) {
      const last = batch.at(-1)?.resourceVersion ?? 0;
      for (let tries = 1; !(await stored(batch, last)); tries++)
        if (tries === APPEND_TRIES) throw new RetryableFailure("DatabaseUnavailable", "the connection to the database breaks at every write");
    },
    async close() {
      closed = true;
      await client.end();
    },
  };
}
