import assert from "node:assert/strict";
import { FINALIZER, silentLogger } from "../../base/index.ts";
import { type Run, RunKind, TaskActionKind } from "../../crds/index.ts";
import { isNotFound, Kinds } from "../../kube/index.ts";
import { archivedIn } from "../../test/support/memory-archive.ts";
import { NAMESPACE, type RunRig, runRig } from "../../test/support/run-rig.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";

describe("the record of a run", function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  let rig: RunRig;
  let running: boolean;
  const lines: string[] = [];

  beforeEach(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    running = false;
    lines.length = 0;
    const logger = { ...silentLogger, error: (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`) };
    rig = runRig(cluster, () => (running ? "running" : { outputs: { y: 7 } }), { logger: { ...logger, with: () => ({ ...logger, with: () => logger }) } });
    await rig.task("step", {}, { y: "integer" });
  });
  afterEach(async () => {
    await rig.stop();
    await cluster.close();
  });

  const ref = { namespace: NAMESPACE, name: "r1" };
  const exists = () =>
    rig.get("r1").then(
      () => true,
      (thrown: unknown) => !isNotFound(thrown),
    );
  const finalizers = async () => (await rig.get("r1")).metadata.finalizers ?? [];

  it("is written when the run has ended, and then the run may go", async () => {
    await rig.run("r1", { task: "step" });
    await rig.quiet();
    assert.deepEqual(archivedIn(rig.archive), [["r1 Succeeded", "a0 Succeeded"]]);
    assert.deepEqual(await finalizers(), []);
    const [{ run, project, domain, target, manifest } = { run: {} as Run }] = [...rig.archive.runs.values()];
    assert.deepEqual([project, domain, target, manifest], ["ml", "development", "step", undefined]);
    assert.deepEqual([(run as Run).metadata.finalizers, (run as { metadata: { managedFields?: unknown } }).metadata.managedFields], [undefined, undefined]);
  });

  it("is waited for as long as it takes while nobody wants the run gone", async () => {
    rig.archive.away = true;
    await rig.run("r1", { task: "step", ttl: "1m" });
    await rig.quiet(3_600_000);
    assert.deepEqual([await finalizers(), archivedIn(rig.archive)], [[FINALIZER.archive], []]);
    rig.archive.away = false;
    await rig.quiet(3_600_000);
    assert.deepEqual(archivedIn(rig.archive), [["r1 Succeeded", "a0 Succeeded"]]);
    assert.equal(await exists(), false, "its ttl was over long ago");
    assert.deepEqual(
      lines.filter((line) => line.includes("lost")),
      [],
    );
  });

  it("keeps a deleted run for a minute; then the run goes, and the log says what was lost", async () => {
    rig.archive.away = true;
    await rig.run("r1", { task: "step" });
    await rig.quiet(1_000);
    await rig.client.delete(RunKind, ref);
    await rig.quiet(58_000);
    assert.equal(await exists(), true);
    await rig.quiet(4_000);
    assert.equal(await exists(), false);
    assert.deepEqual(archivedIn(rig.archive), []);
    assert.match(
      lines.find((line) => line.includes("lost")) ?? "",
      /the record of a deleted run is lost .*ml-development\/r1.*Succeeded.*the database is away/,
    );
  });

  it("is still written when the archive comes back within that minute", async () => {
    rig.archive.away = true;
    await rig.run("r1", { task: "step" });
    await rig.quiet(1_000);
    await rig.client.delete(RunKind, ref);
    await rig.quiet(30_000);
    rig.archive.away = false;
    await rig.quiet(10_000);
    assert.deepEqual([await exists(), archivedIn(rig.archive)], [false, [["r1 Succeeded", "a0 Succeeded"]]]);
  });

  it("gives a run that was deleted while nothing ran its minute too", async () => {
    rig.archive.away = true;
    await rig.run("r1", { task: "step" });
    await rig.quiet(1_000);
    await rig.pause(async () => {
      await rig.client.delete(RunKind, ref);
      await cluster.clock.advance(3_600_000);
    });
    await rig.quiet(30_000);
    assert.equal(await exists(), true);
    rig.archive.away = false;
    await rig.quiet(10_000);
    assert.deepEqual([await exists(), archivedIn(rig.archive)], [false, [["r1 Succeeded", "a0 Succeeded"]]]);
  });

  it("says of a run that is deleted while it runs that it was aborted, with what its actions came to", async () => {
    running = true;
    await rig.run("r1", { task: "step" });
    await rig.quiet();
    await rig.client.delete(RunKind, ref);
    await rig.quiet();
    assert.deepEqual([await exists(), archivedIn(rig.archive)], [false, [["r1 Aborted", "a0 Aborted"]]]);
    const [record] = [...rig.archive.runs.values()];
    const { conditions = [], endTime } = (record?.run as Run).status ?? {};
    assert.equal(conditions.find(({ type }) => type === "Finished")?.message, "the run was deleted");
    assert.notEqual(endTime, undefined);
  });

  it("is written of one that waits for what it runs, too", async () => {
    await rig.run("r1", { workflow: "later" });
    await rig.quiet();
    await rig.client.delete(RunKind, ref);
    await rig.quiet();
    assert.deepEqual([await exists(), archivedIn(rig.archive)], [false, [["r1 Aborted"]]]);
  });

  it("keeps the actions that were deleted before it", async () => {
    rig.archive.away = true;
    await rig.run("r1", { task: "step" });
    await rig.quiet(1_000);
    await rig.client.delete(TaskActionKind, { namespace: NAMESPACE, name: "r1-a0" });
    await rig.client.delete(RunKind, ref);
    await rig.quiet(4_000);
    rig.archive.away = false;
    await rig.quiet(10_000);
    assert.deepEqual([await exists(), archivedIn(rig.archive)], [false, [["r1 Succeeded", "a0 Succeeded"]]]);
  });

  for (const away of [false, true]) {
    it(`does not hold up the end of a namespace${away ? " for more than a minute while the archive is away" : ""}`, async () => {
      running = true;
      await rig.run("r1", { task: "step" });
      await rig.quiet();
      rig.archive.away = away;
      await rig.client.delete(Kinds.Namespace, { name: NAMESPACE });
      for (const kind of [RunKind, TaskActionKind]) {
        for (const { metadata } of (await rig.client.list(kind, { namespace: NAMESPACE })).items) await rig.client.delete(kind, metadata);
      }
      await rig.quiet(70_000);
      assert.deepEqual((await rig.client.list(RunKind, { namespace: NAMESPACE })).items, []);
      assert.deepEqual(archivedIn(rig.archive), away ? [] : [["r1 Aborted", "a0 Running"]]);
    });
  }
});
