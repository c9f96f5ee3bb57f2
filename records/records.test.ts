import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, seededRandom, silentLogger as logger } from "../base/index.ts";
import { systemClock } from "../cmd/system.ts";
import { archiveController } from "../controllers/archive/index.ts";
import { type Run, RunKind } from "../crds/index.ts";
import { informerSet } from "../kube/index.ts";
import { startPostgres } from "../local/postgres/index.ts";
import { startSystemPostgres, systemPostgres } from "../test/support/debian-postgres.ts";
import { testCluster } from "../test/support/test-cluster.ts";
import { type ArchivedHead, type ArchivedRun, openHistory, openRecords, type Records, type RecordsConnection } from "./index.ts";

const ended: ArchivedRun = {
  uid: "u1",
  project: "ml",
  domain: "development",
  namespace: "ml-development",
  name: "first",
  phase: "Succeeded",
  target: "w",
  manifest: "sha256:1",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:01:00.000Z",
  // Values that a careless JSON parser or column type would change.
  run: { spec: { workflow: "w", inputs: { n: 9_007_199_254_740_993n, text: "\u0000é☃ \ud83d\ude00" } } },
  actions: [
    { name: "first-a", action: { spec: { node: "a" } } },
    { name: "first-b", action: { spec: { node: "b" } } },
  ],
};
const { actions: _, ...head } = ended;

interface Server {
  readonly connection: RecordsConnection;
  stop(): Promise<void>;
}

async function embedded(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), "flyteops-records-"));
  const database = await startPostgres({ clock: systemClock, logger, directory });
  return {
    connection: database.connection,
    async stop() {
      await database.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ofTheSystem(programs: string): Promise<Server> {
  const server = await startSystemPostgres(programs);
  return { connection: server.connection, stop: () => server.close() };
}

/** What must hold of any PostgreSQL. */
function archiveSuite(start: () => Promise<Server>): void {
  let server: Server;
  let records: Records;

  before(async () => {
    server = await start();
    records = await openRecords({ connection: server.connection, logger });
    await records.archiveRun(ended);
  });
  after(async () => {
    await records.close();
    await server.stop();
  });

  it("keeps a run as it was the first time, with its actions", async () => {
    await records.archiveRun({ ...ended, phase: "Failed", actions: [] });
    assert.deepEqual(await records.run("u1"), ended);
    assert.equal(await records.run("u2"), undefined);
  });

  it("keeps a run with thousands of actions whole", async () => {
    const actions = Array.from({ length: 1_201 }, (_none, index) => ({
      name: `big-${String(index).padStart(4, "0")}`,
      action: { spec: { node: `n${index}` } },
    }));
    await records.archiveRun({ ...ended, uid: "u-big", name: "big", namespace: "big", actions });
    assert.deepEqual((await records.run("u-big"))?.actions, actions);
  });

  it("keeps nothing of a run that it cannot keep whole", async () => {
    const twice = { name: "same", action: {} };
    await assert.rejects(records.archiveRun({ ...ended, uid: "u-half", namespace: "half", actions: [twice, twice] }), { reason: "RecordsUnavailable" });
    assert.equal(await records.run("u-half"), undefined);
    assert.deepEqual(await records.runs({ namespace: "half", limit: 9 }), []);
  });

  it("lists by what is asked, the last ended first", async () => {
    const others: [string, Partial<ArchivedRun>][] = [
      ["l1", { name: "one", endedAt: "2026-01-02T00:00:00.000Z" }],
      ["l2", { name: "two", endedAt: "2026-01-03T00:00:00.000Z", phase: "Failed", target: "other" }],
      ["l3", { name: "one", endedAt: "2026-01-04T00:00:00.000Z" }],
    ];
    for (const [uid, more] of others) await records.archiveRun({ ...ended, namespace: "list-test", uid, ...more });
    const found = async (query: object) => (await records.runs({ namespace: "list-test", limit: 9, ...query })).map(({ uid }) => uid);
    assert.deepEqual(await found({}), ["l3", "l2", "l1"]);
    assert.deepEqual(await found({ name: "one" }), ["l3", "l1"]);
    assert.deepEqual(await found({ phase: "Failed" }), ["l2"]);
    assert.deepEqual(await found({ target: "w", limit: 1 }), ["l3"]);
    assert.deepEqual(await found({ name: "'; DROP TABLE flyteops.runs; --" }), []);
  });

  it("knows which manifests have run, the last time counting", async () => {
    const place = { project: "adopt", domain: "test", manifest: "sha256:m" };
    for (const [uid, endedAt] of [["a1", "2026-01-01T00:00:00.000Z"], ["a2", "2026-01-05T00:00:00.000Z"]] as const) await records.archiveRun({ ...ended, ...place, namespace: "adopt-test", uid, endedAt }); // prettier-ignore
    const asked = [
      { ...place, name: "other" },
      { ...place, name: "first" },
      { ...place, name: "first", manifest: "sha256:n" },
      { ...place, name: "first", domain: "production" },
    ];
    assert.deepEqual(await records.uidsOf(asked), [undefined, "a2", undefined, undefined]);
    assert.deepEqual(await records.uidsOf([]), []);
  });

  it("opens again on tables that are there, also many programs at once", async () => {
    const again = await Promise.all([1, 2, 3, 4].map(() => openRecords({ connection: server.connection, logger })));
    for (const each of again) assert.equal((await each.run("u1"))?.name, "first");
    await Promise.all(again.map((each) => each.close()));
  });

  it("is read by whoever may not change it, and changes nothing then", async () => {
    const history = openHistory({ connection: server.connection, logger });
    const expected: ArchivedHead[] = [head];
    assert.deepEqual(await history.runs({ namespace: "ml-development", limit: 9 }), expected);
    await history.close();
  });

  it("is retryable while the database is away", async () => {
    const away = { ...server.connection, host: "/nowhere" };
    const isRetryable = (thrown: unknown) => thrown instanceof Failure && thrown.retry === "retryable";
    await assert.rejects(openRecords({ connection: away, logger }), isRetryable);
    const history = openHistory({ connection: away, logger });
    await assert.rejects(history.runs({ limit: 1 }), isRetryable);
    await history.close();
  });
}

describe("the archive of runs in the embedded PostgreSQL", function () {
  this.timeout(30_000);
  archiveSuite(embedded);
});

const programs = systemPostgres();
if (programs === undefined) it("the archive of runs in the system's PostgreSQL is not tried: /usr/lib/postgresql/*/bin/initdb is not there");
else
  describe("the archive of runs in the system's PostgreSQL", function () {
    this.timeout(30_000);
    archiveSuite(() => ofTheSystem(programs));
  });

describe("a database that accepts connections and says nothing", () => {
  it("is given up after the time that a connection may take", async () => {
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const connection = { host: "127.0.0.1", port, user: "u", password: "p", database: "d", limits: { connectTimeoutMs: 100 } };
    await assert.rejects(openRecords({ connection, logger }), { reason: "RecordsUnavailable", retry: "retryable" });
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe("the archive controller over a real database", function () {
  this.timeout(30_000);
  let server: Server;
  before(async () => {
    server = await embedded();
  });
  after(() => server.stop());

  it("fills it when a run ends, and not before", async () => {
    const records = await openRecords({ connection: server.connection, logger });
    const cluster = await testCluster({ namespaces: ["ml-development"] });
    const stop = new AbortController();
    const deps = { clock: cluster.clock, random: seededRandom(1), logger };
    const informers = informerSet({ ...deps, client: cluster.client });
    const running = Promise.all([informers.run(stop.signal), archiveController({ ...deps, informers, records }).run(stop.signal)]);
    const ref = { namespace: "ml-development", name: "second" };
    const metadata = { ...ref, finalizers: ["flyte.org/archive"] };
    await cluster.client.create<Run>(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata, spec: { task: "t", desiredState: "Running" } } as Run);
    const status = { phase: "Failed", endTime: "2026-01-01T00:00:09Z" };
    await cluster.client.patch(RunKind, ref, { type: "merge", body: { status } }, { subresource: "status" });
    let held: readonly string[] | undefined = [""];
    for (let tries = 0; tries < 500 && held?.length; tries += 1) {
      await cluster.clock.advance(10);
      held = (await cluster.client.get<Run>(RunKind, ref)).metadata.finalizers;
    }
    assert.deepEqual(
      (await records.runs({ limit: 9 })).map(({ project, domain, name, target, phase, endedAt }) => ({ project, domain, name, target, phase, endedAt })),
      [{ project: "ml", domain: "development", name: "second", target: "t", phase: "Failed", endedAt: "2026-01-01T00:00:09.000Z" }],
    );
    stop.abort();
    await cluster.clock.advance(1);
    await running;
    await cluster.close();
    await records.close();
  });
});
