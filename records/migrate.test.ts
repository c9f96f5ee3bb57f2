import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { RetryableFailure, silentLogger as logger } from "../base/index.ts";
import { systemClock } from "../cmd/system.ts";
import { type EmbeddedDatabase, startPostgres } from "../local/postgres/index.ts";
import { virtualClock } from "../test/support/virtual-clock.ts";
import { archiveState, awaitRecords, lazyRecords, openHistory, openRecords } from "./index.ts";
import { migrate } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

describe("the tables of the archive", function () {
  this.timeout(30_000);
  let directory: string;
  let server: EmbeddedDatabase;
  let admin: pg.Client;
  let count = 0;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "flyteops-migrate-"));
    server = await startPostgres({ clock: systemClock, logger, directory });
    admin = new pg.Client(server.connection);
    await admin.connect();
  });
  after(async () => {
    await admin.end();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** A database that nothing has used. */
  async function fresh(owner = "flyteops") {
    const database = `fresh_${(count += 1)}`;
    await admin.query(`CREATE DATABASE ${database} OWNER ${owner}`);
    return { ...server.connection, database };
  }
  async function inside<T>(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(connection);
    await client.connect();
    return work(client).finally(() => client.end());
  }
  const applied = (client: pg.Client) =>
    client.query<{ number: number }>("SELECT number FROM flyteops.migrations ORDER BY number").then(({ rows }) => rows.map(({ number }) => number));

  it("are made once by programs that start together", async () => {
    const connection = await fresh();
    const opened = await Promise.all([1, 2, 3, 4, 5, 6].map(() => openRecords({ connection, logger })));
    await Promise.all(opened.map((records) => records.close()));
    assert.deepEqual(await inside(connection, applied), [...MIGRATIONS.keys()]);
  });

  it("keep what is in them when they change", async () => {
    const connection = await fresh();
    await inside(connection, async (client) => {
      await migrate(client, MIGRATIONS.slice(0, 1));
      await client.query(
        `INSERT INTO flyteops.runs (uid, project, domain, namespace, name, phase, ended_at, run, actions)
         VALUES ('old', 'ml', 'development', 'ml-development', 'first', 'Succeeded', '2026-01-01T00:00:00Z', '{"spec":{"workflow":"w"}}', '[]')`,
      );
    });
    const records = await openRecords({ connection, logger });
    const { run, endedAt, actions } = (await records.run("old"))!;
    assert.deepEqual({ run, endedAt, actions }, { run: { spec: { workflow: "w" } }, endedAt: "2026-01-01T00:00:00.000Z", actions: [] });
    await records.close();
  });

  it("stay as they are when a change fails, and are changed by the next that can", async () => {
    const connection = await fresh();
    await inside(connection, async (client) => {
      await migrate(client, MIGRATIONS.slice(0, 1));
      await assert.rejects(migrate(client, [MIGRATIONS[0]!, "CREATE TABLE flyteops.half (id text); SELECT 1/0"]), /division by zero/);
      assert.deepEqual(await applied(client), [0]);
      assert.equal((await client.query("SELECT to_regclass('flyteops.half') AS half")).rows[0].half, null);
      await migrate(client);
      assert.deepEqual(await applied(client), [...MIGRATIONS.keys()]);
    });
  });

  it("are counted for whoever only looks, who makes none", async () => {
    const connection = await fresh();
    const known = MIGRATIONS.length;
    assert.deepEqual(await archiveState({ connection, logger }), { applied: 0, known });
    await inside(connection, (client) => migrate(client, MIGRATIONS.slice(0, 1)));
    assert.deepEqual(await archiveState({ connection, logger }), { applied: 1, known });
  });

  it("of a newer program are refused, and not touched", async () => {
    const connection = await fresh();
    await inside(connection, (client) => migrate(client, [...MIGRATIONS, "CREATE TABLE flyteops.later (id text)"]));
    await assert.rejects(openRecords({ connection, logger }), { reason: "RecordsTooNew", retry: "terminal" });
    assert.deepEqual((await inside(connection, applied)).length, MIGRATIONS.length + 1);
  });

  it("are waited for by a program that starts before its database, which ends when they are of a newer one", async () => {
    const connection = await fresh();
    await inside(connection, (client) => migrate(client, [...MIGRATIONS, "CREATE TABLE flyteops.later (id text)"]));
    const records = lazyRecords({ connection, logger });
    await assert.rejects(awaitRecords(records, systemClock, new AbortController().signal), { reason: "RecordsTooNew" });
    await records.close();
    const clock = virtualClock();
    let asked = 0;
    const late = { ready: () => ((asked += 1) < 3 ? Promise.reject(new RetryableFailure("RecordsUnavailable", "away")) : Promise.resolve()) };
    const waited = awaitRecords(late, clock, new AbortController().signal);
    await clock.advance(20_000);
    await waited;
    assert.equal(asked, 3);
  });

  it("are waited for by a program whose statements have a short limit, while another changes them", async () => {
    const connection = await fresh();
    await inside(connection, async (slow) => {
      await slow.query("BEGIN");
      await slow.query("SELECT pg_advisory_xact_lock(728301554)");
      const opening = openRecords({ connection: { ...connection, limits: { statementTimeoutMs: 100 } }, logger });
      const waiting =
        "SELECT count(*)::integer AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%advisory%' AND now() - query_start > '200 ms'";
      for (let waits = 0; waits === 0;) waits = (await admin.query<{ count: number }>(waiting)).rows[0]!.count;
      await slow.query("COMMIT");
      await (await opening).close();
    });
  });

  it("may be made by somebody else for an account that may not make a schema", async () => {
    await admin.query("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    const connection = { ...(await fresh()), user: "guest", password: "guest" };
    await assert.rejects(openRecords({ connection, logger }), /permission denied/);
    await inside({ ...connection, user: server.connection.user, password: server.connection.password }, (client) =>
      client.query("CREATE SCHEMA flyteops AUTHORIZATION guest"),
    );
    await (await openRecords({ connection, logger })).close();
  });

  it("are an empty archive, and stay unmade, for whoever only reads", async () => {
    const connection = await fresh();
    const history = openHistory({ connection, logger });
    assert.deepEqual([await history.runs({ limit: 5 }), await history.run("u")], [[], undefined]);
    await history.close();
    assert.equal((await inside(connection, (client) => client.query("SELECT to_regnamespace('flyteops') AS made"))).rows[0].made, null);
  });
});
