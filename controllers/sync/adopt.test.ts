import assert from "node:assert/strict";
import { ANNOTATION } from "../../base/index.ts";
import { type GitSync, GitSyncKind, RunKind } from "../../crds/index.ts";
import type { ArchivedRun } from "../../records/index.ts";
import { type Fault, FAULTS, faultLine } from "../../test/support/faults.ts";
import { NAMESPACE, type SyncRig, syncRig } from "./testing/sync-rig.ts";

const FILES = {
  "project.yaml": "apiVersion: flyte.org/v1\nkind: Project\nmetadata: {name: ml}\nspec: {domains: [development]}\n",
  "train.yaml": `apiVersion: flyte.org/v1
kind: Task
metadata: {name: train, namespace: ${NAMESPACE}}
spec:
  type: container
  inputs: {data: file<csv>, rate: {type: float, default: 0.1}}
  container: {image: "node:22", command: [node, train.js]}
`,
  "data.csv": "a\n",
};
const runFile = (name: string, rate: number, more = "") => `apiVersion: flyte.org/v1
kind: Run
metadata: {name: ${name}, namespace: ${NAMESPACE}}
spec:
  task: train
  inputs: {data: {file: data.csv}, rate: ${rate}}
${more}`;

/** What another cluster's archive holds of a Run that it made from such a manifest. */
async function archivedBy(name: string, rate: number, project = "ml"): Promise<ArchivedRun> {
  const rig = await syncRig();
  rig.remote.commit({ ...FILES, "run.yaml": runFile(name, rate) });
  await rig.quiet();
  const run = await rig.find("Run", name);
  await rig.close();
  const manifest = run?.metadata.annotations?.[ANNOTATION.manifest];
  assert.match(manifest ?? "", /^sha256:/);
  const place = { project, domain: "development", namespace: NAMESPACE, name };
  return {
    ...place,
    uid: `old-${name}`,
    phase: "Succeeded",
    target: "train",
    manifest,
    startedAt: undefined,
    endedAt: "2026-01-01T00:00:00Z",
    run,
    actions: [],
  };
}

describe("a GitSync with runs: Adopt", function () {
  this.timeout(60_000);
  let rig: SyncRig;
  let archived: ArchivedRun;
  before(async () => {
    archived = await archivedBy("first", 0.5);
  });
  beforeEach(async () => {
    rig = await syncRig({ runs: "Adopt" } as Partial<GitSync["spec"]>);
  });
  afterEach(() => rig.close());

  const runs = async () => (await rig.cluster.client.list(RunKind)).items.map(({ metadata }) => metadata.name).sort();
  const commit = (files: Record<string, string>) => rig.remote.commit({ ...FILES, ...files });

  it("takes a Run that the archive has as run, whatever of it may change has changed since, and runs the others", async () => {
    await rig.archive.archiveRun(archived);
    commit({ "first.yaml": runFile("first", 0.5, "  ttl: 1d\n"), "second.yaml": runFile("second", 0.5), "data.csv": "another\n" });
    await rig.quiet();
    assert.deepEqual(await runs(), ["second"]);
    const { status } = await rig.sync();
    assert.deepEqual(
      status?.problems?.map(({ code, severity }) => [code, severity]),
      [["RunGone", "warning"]],
    );
    assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
    const before = rig.writes.length;
    await rig.cluster.clock.advance(120_000);
    await rig.quiet();
    assert.deepEqual([await runs(), rig.writes.slice(before)], [["second"], []]);
  });

  it("runs what only has the name of an archived Run, or is of another project", async () => {
    await rig.archive.archiveRun(archived);
    await rig.archive.archiveRun({ ...archived, uid: "x", name: "second", project: "other" });
    commit({ "first.yaml": runFile("first", 0.6), "second.yaml": runFile("second", 0.5) });
    await rig.quiet();
    assert.deepEqual(await runs(), ["first", "second"]);
  });

  it("lets Runs wait while the archive cannot be asked, and nothing else", async () => {
    await rig.archive.archiveRun(archived);
    rig.archive.away = true;
    commit({ "first.yaml": runFile("first", 0.5), "second.yaml": runFile("second", 0.5) });
    await rig.quiet();
    assert.deepEqual([await runs(), (await rig.find("Task", "train"))?.metadata.name], [[], "train"]);
    assert.equal(await rig.condition("Ready"), "Ready=Unknown/Progressing");
    rig.archive.away = false;
    await rig.quiet();
    assert.deepEqual([await runs(), await rig.condition("Ready")], [["second"], "Ready=True/Succeeded"]);
  });

  it("does not run it after a restart, nor when it goes back to Create", async () => {
    await rig.archive.archiveRun(archived);
    commit({ "first.yaml": runFile("first", 0.5) });
    await rig.quiet();
    await rig.restart();
    await rig.cluster.client.patch(GitSyncKind, { namespace: "flyteops-system", name: "main" }, { type: "merge", body: { spec: { runs: "Create" } } });
    await rig.quiet();
    assert.deepEqual(await runs(), []);
  });

  it("forgets it when its manifest is removed, and finds it again when that comes back", async () => {
    await rig.archive.archiveRun(archived);
    commit({ "first.yaml": runFile("first", 0.5) });
    await rig.quiet();
    commit({});
    await rig.quiet();
    assert.deepEqual((await rig.sync()).status?.problems, []);
    commit({ "first.yaml": runFile("first", 0.5) });
    await rig.quiet();
    assert.deepEqual(await runs(), []);
  });
});

describe("an adoption that is hit at any call", function () {
  this.timeout(60_000);

  it("never runs what has run", async () => {
    const archived = await archivedBy("first", 0.5);
    const adopt = async (at?: number, fault?: Fault) => {
      const rig = await syncRig({ runs: "Adopt" } as Partial<GitSync["spec"]>);
      await rig.archive.archiveRun(archived);
      const line = faultLine(at, fault);
      await rig.restart(line);
      rig.remote.commit({ ...FILES, "first.yaml": runFile("first", 0.5) });
      await rig.quiet();
      if (line.dead) await rig.restart();
      await rig.cluster.clock.advance(120_000);
      await rig.quiet();
      const end = [(await rig.cluster.client.list(RunKind)).items.length, await rig.condition("Ready")];
      await rig.close();
      return { end, calls: line.calls };
    };
    const clean = await adopt();
    assert.deepEqual(clean.end, [0, "Ready=True/Succeeded"]);
    for (let at = 0; at < clean.calls.length; at += 1) {
      // Around the question itself every fault, elsewhere one each.
      const near = Math.abs(at - clean.calls.indexOf("ask the archive")) <= 1;
      for (const fault of near ? FAULTS : [FAULTS[at % FAULTS.length]!])
        assert.deepEqual((await adopt(at, fault)).end, clean.end, `${fault} at call ${at}: ${clean.calls[at]}`);
    }
  });
});
