import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { seededRandom, silentLogger, sleep } from "../../../base/index.ts";
import { systemClock as clock } from "../../../cmd/system.ts";
import { type EmbeddedDatabase, startPostgres } from "../../postgres/index.ts";
import { ADMINISTRATOR } from "../authenticate.ts";
import { createApiServer } from "../server.ts";
import type { LogRow, ObjectLog } from "./object-log.ts";
import { postgresLog } from "./postgres-log.ts";

const logger = silentLogger;
const row = (key: string, resourceVersion: number, value?: string): LogRow => ({
  key,
  kind: "v1/ConfigMap",
  resourceVersion,
  value: value === undefined ? undefined : Buffer.from(value),
});

describe("objects in PostgreSQL", function () {
  this.timeout(30_000);
  let directory: string;
  let database: EmbeddedDatabase;
  const open = (): Promise<ObjectLog> => postgresLog({ connection: database.connection, clock, logger });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "flyteops-log-"));
    database = await startPostgres({ clock, logger, directory });
  });
  after(async () => {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const shown = async (log: ObjectLog) => {
    const { resourceVersion, rows } = await log.load();
    return [resourceVersion, ...rows.map(({ key, resourceVersion: version, value }) => `${key}@${version}=${Buffer.from(value).toString()}`)];
  };

  it("keeps the newest row of every key, byte for byte, and the highest version ever given", async () => {
    const log = await open();
    assert.deepEqual(await shown(log), [0]);
    const odd = '{"quote":"\\"","nul":"\\u0000","smile":"😀","slash":"\\\\x41"}';
    await log.append([row("/configmaps/a/one", 1, "first"), row("/configmaps/a/two", 2, odd), row("/configmaps/a/one", 3, "second")]);
    await log.append([row("/configmaps/a/gone", 4, "x")]);
    await log.append([row("/configmaps/a/gone", 5)]);
    await log.append([row("/configmaps/a/back", 6, "x"), row("/configmaps/a/back", 7), row("/configmaps/a/back", 8, "")]);
    await log.append([row("/configmaps/a/back", 9)]);
    const expected = [9, `/configmaps/a/two@2=${odd}`, "/configmaps/a/one@3=second"];
    assert.deepEqual(await shown(log), expected);
    await log.close();
    const again = await open();
    assert.deepEqual(await shown(again), expected);
    await again.close();
  });

  async function breakConnections(): Promise<void> {
    const saboteur = new pg.Client(database.connection);
    await saboteur.connect();
    await saboteur.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    await saboteur.end();
  }

  it("stores a batch once, however often its connection breaks", async () => {
    const log = await open();
    const start = (await log.load()).resourceVersion;
    await breakConnections();
    await log.append([row("/configmaps/a/idle", start + 1, "x")]);
    for (let version = start + 2; version < start + 40; version++) {
      const broken = version % 4 === 0 ? breakConnections() : undefined;
      await log.append([row(`/configmaps/b/${version}`, version, String(version)), row("/configmaps/b/idle", version)]);
      await broken;
    }
    await log.close();
    const again = await open();
    const rows = await shown(again);
    assert.equal(rows[0], start + 39);
    for (let version = start + 2; version < start + 40; version++) assert.ok(rows.includes(`/configmaps/b/${version}@${version}=${version}`), String(version));
    await again.close();
  });

  async function reopened(): Promise<ObjectLog> {
    for (let tries = 1; ; tries++) {
      try {
        return await open();
      } catch (thrown) {
        if (tries === 200) throw thrown;
        await sleep(clock, 50);
      }
    }
  }

  it("comes back when the server died under it", async () => {
    const log = await open();
    const start = (await log.load()).resourceVersion;
    const pid = Number((await readFile(join(directory, "data", "postmaster.pid"), "utf8")).split("\n", 1)[0]);
    process.kill(pid, "SIGKILL");
    await log.append([row("/configmaps/a/survivor", start + 1, "x")]);
    await log.close();
    const again = await reopened();
    assert.ok((await shown(again)).includes(`/configmaps/a/survivor@${start + 1}=x`));
    await again.close();
  });

  it("stays the same table when another program makes a schema named like the user", async () => {
    const log = await open();
    const { resourceVersion } = await log.load();
    await log.append([row("/configmaps/a/kept", resourceVersion + 1, "x")]);
    const before = await shown(log);
    await log.close();
    const other = new pg.Client(database.connection);
    await other.connect();
    await other.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(database.connection.user)}`);
    await other.end();
    const again = await open();
    assert.deepEqual(await shown(again), before);
    await again.close();
  });

  it("has one writer at a time", async () => {
    const log = await open();
    await assert.rejects(postgresLog({ connection: database.connection, clock, logger, lockPatienceMs: 100 }), { reason: "DatabaseInUse" });
    await log.close();
    await (await open()).close();
  });

  it("loses no acknowledged write when the process is killed", async () => {
    const root = await mkdtemp(join(tmpdir(), "flyteops-kill-"));
    const program = fileURLToPath(new URL("../testing/durable-writer.ts", import.meta.url));
    const [script, loader] = program.endsWith(".ts") && !program.includes("/dist/") ? [program, ["--import", "tsx"]] : [program.replace(/\.ts$/, ".js"), []];
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 2; round++) {
      const child = spawn(process.execPath, [...loader, script, root], { stdio: ["ignore", "pipe", "inherit"] });
      const wanted = acknowledged.size + 300;
      for await (const line of createInterface({ input: child.stdout })) {
        const [name = "", version = ""] = line.split(" ");
        if (version !== "") acknowledged.set(name, version);
        if (acknowledged.size === wanted) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    const survivor = await startPostgres({ clock, logger, directory: root });
    const server = await createApiServer({
      clock,
      random: seededRandom(1),
      logger,
      log: await postgresLog({ connection: survivor.connection, clock, logger }),
    });
    const { body } = await server.handle({
      method: "GET",
      path: "/api/v1/namespaces/default/configmaps",
      headers: {},
      identity: ADMINISTRATOR,
    });
    const { items } = JSON.parse(Buffer.from(body as Uint8Array).toString()) as { items: { metadata: { name: string; resourceVersion: string } }[] };
    const stored = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    await server.close();
    await survivor.stop();
    await rm(root, { recursive: true, force: true });
    assert.ok(acknowledged.size >= 600);
    for (const [name, version] of acknowledged) assert.equal(stored.get(name), version, name);
  });
});
