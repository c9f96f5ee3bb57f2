import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { silentLogger } from "../../base/index.ts";
import { systemClock as clock } from "../../cmd/system.ts";
import { startPostgres } from "./start-postgres.ts";

const logger = silentLogger;

describe("the embedded PostgreSQL", function () {
  this.timeout(30_000);
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "flyteops-pg-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const start = (directory = root) => startPostgres({ clock, logger, directory });

  it("keeps its data over a stop, and makes them anew after an interrupted beginning", async () => {
    await mkdir(join(root, "data.new"));
    await writeFile(join(root, "data.new", "PG_VERSION"), "18");
    const first = await start();
    const client = new pg.Client(first.connection);
    await client.connect();
    await client.query("CREATE TABLE kept AS SELECT 7 AS number");
    await client.end();
    await first.stop();
    const second = await start();
    const again = new pg.Client(second.connection);
    await again.connect();
    assert.deepEqual((await again.query("SELECT number FROM kept")).rows, [{ number: 7 }]);
    await again.end();
    await second.stop();
  });

  it("belongs to one living program, and to the next when that one was killed", async () => {
    const first = await start();
    await assert.rejects(start(), { reason: "DatabaseInUse" });
    await first.stop();
    await writeFile(join(root, "owner"), "999999999 1");
    const second = await start();
    await second.stop();
  });

  it("lives in a directory that only its owner may enter, with a path too long for a socket", async () => {
    const deep = join(root, "a".repeat(60), "b".repeat(60));
    await mkdir(deep, { recursive: true });
    await chmod(root, 0o700);
    const database = await start(deep);
    assert.ok(database.connection.host.length <= 80);
    const client = new pg.Client(database.connection);
    await client.connect();
    await client.end();
    await database.stop();
  });

  it("is run by another account for root where there are no user namespaces, below directories that are root's alone", async function () {
    // Ordinary users run it themselves: nothing to show.
    if (process.geteuid?.() !== 0) return this.skip();
    await mkdir(join(root, "data"));
    await chown(join(root, "data"), 65_534, 65_534);
    const database = await start();
    assert.equal((await stat(join(root, "data"))).uid, 65_534);
    const client = new pg.Client(database.connection);
    await client.connect();
    await client.end();
    await database.stop();
  });

  it("asks for its password, and does not listen on a network", async () => {
    const database = await start();
    await assert.rejects(new pg.Client({ ...database.connection, password: "wrong" }).connect(), /password authentication failed/);
    await assert.rejects(new pg.Client({ ...database.connection, host: "127.0.0.1" }).connect(), /ECONNREFUSED|password authentication failed/);
    await database.stop();
  });

  it("says why it cannot start", async () => {
    await mkdir(join(root, "data"), { mode: 0o700 });
    await writeFile(join(root, "data", "PG_VERSION"), "9.6\n");
    await assert.rejects(start(), { reason: "DatabaseNotStarted" });
  });
});
