import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, seededRandom, silentLogger } from "../base/index.ts";
import { type Run, RunKind } from "../crds/index.ts";
import { informerSet } from "../kube/index.ts";
import { archiveController } from "../controllers/archive/index.ts";
import { type EmbeddedDatabase, startPostgres } from "../local/postgres/index.ts";
import { testCluster } from "../test/support/test-cluster.ts";
import { systemClock } from "../cmd/system.ts";
import { type ArchivedRun, openRecords, type Records } from "./index.ts";

const ended: ArchivedRun = {
  uid: "u1",
  project: "ml",
  domain: "development",
  namespace: "ml-development",
  name: "first",
  phase: "Succeeded",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:01:00.000Z",
  run: { spec: { workflow: "w" } },
  actions: [{ spec: { node: "a" } }],
};

describe("the archive of runs", function () {
  this.timeout(30_000);
  let directory: string;
  let database: EmbeddedDatabase;
  let records: Records;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "flyteops-records-"));
    database = await startPostgres({ clock: systemClock, logger: silentLogger, directory });
    records = await openRecords({ connection: database.connection, logger: silentLogger });
  });
  after(async () => {
    await records.close();
    await database.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("keeps a run as it was the first time", async () => {
    await records.archiveRun(ended);
    await records.archiveRun({ ...ended, phase: "Failed" });
    assert.deepEqual(await records.runsNamed("ml-development", "first"), [ended]);
  });

  it("opens again on tables that are there, also twice at once", async () => {
    const again = await Promise.all([1, 2].map(() => openRecords({ connection: database.connection, logger: silentLogger })));
    assert.equal((await again[0]?.runsNamed("ml-development", "first"))?.length, 1);
    await Promise.all(again.map((each) => each.close()));
  });

  it("is retryable while the database is away", async () => {
    const away = { ...database.connection, host: join(directory, "nowhere") };
    await assert.rejects(openRecords({ connection: away, logger: silentLogger }), (thrown) => thrown instanceof Failure && thrown.retry === "retryable");
  });

  it("is filled by the controller when a run ends, and not before", async () => {
    const cluster = await testCluster({ namespaces: ["ml-development"] });
    const stop = new AbortController();
    const deps = { clock: cluster.clock, random: seededRandom(1), logger: silentLogger };
    const informers = informerSet({ ...deps, client: cluster.client });
    const running = Promise.all([informers.run(stop.signal), archiveController({ ...deps, informers, records }).run(stop.signal)]);
    const ref = { namespace: "ml-development", name: "second" };
    const run = { apiVersion: "flyte.org/v1", kind: "Run", metadata: ref, spec: { task: "t", desiredState: "Running" } } as Run;
    await cluster.client.create<Run>(RunKind, run);
    const status = { phase: "Failed", endTime: "2026-01-01T00:00:09Z" };
    await cluster.client.patch(RunKind, ref, { type: "merge", body: { status } }, { subresource: "status" });
    let found: readonly ArchivedRun[] = [];
    for (let tries = 0; tries < 500 && found.length === 0; tries += 1) {
      await cluster.clock.advance(10);
      found = await records.runsNamed("ml-development", "second");
    }
    assert.deepEqual(
      found.map(({ project, domain, phase, endedAt }) => ({ project, domain, phase, endedAt })),
      [{ project: "ml", domain: "development", phase: "Failed", endedAt: "2026-01-01T00:00:09.000Z" }],
    );
    stop.abort();
    await cluster.clock.advance(1);
    await running;
    await cluster.close();
  });
});
