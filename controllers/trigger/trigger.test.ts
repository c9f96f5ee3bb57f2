import assert from "node:assert/strict";
import { LABEL, seededRandom, silentLogger } from "../../base/index.ts";
import { type Run, RunKind, type Trigger, TriggerKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import { conditionOf, informerSet, type KubeObject } from "../../kube/index.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";
import { settle } from "../../test/support/virtual-clock.ts";
import { triggerController, triggeredRunName } from "./index.ts";

const NAMESPACE = "ml-development";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

const trigger = (spec: Partial<Trigger["spec"]> = {}): KubeObject => ({
  apiVersion: "flyte.org/v1",
  kind: "Trigger",
  metadata: { name: "on-commit", namespace: NAMESPACE },
  spec: { run: { workflow: "penguins", fixedInputs: { folds: 3 } }, onCommit: {}, ...spec },
});

describe("the trigger controller", () => {
  let cluster: TestCluster;
  let stop: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    stop = new AbortController();
    const deps = { clock: cluster.clock, random: seededRandom(3), logger: silentLogger };
    const informers = informerSet({ ...deps, client: cluster.client });
    running = Promise.all([informers.run(stop.signal), triggerController({ ...deps, informers }).run(stop.signal)]);
    await cluster.client.create(WorkflowKind, {
      apiVersion: "flyte.org/v1",
      kind: "Workflow",
      metadata: { name: "penguins", namespace: NAMESPACE },
      spec: { nodes: { a: { task: "t" } } },
    });
    await compiled("a");
  });
  afterEach(async () => {
    stop.abort();
    await cluster.clock.advance(1);
    await running;
    await cluster.close();
  });

  /** What the definition controller says after a commit. */
  async function compiled(letter: string): Promise<void> {
    const ref = { namespace: NAMESPACE, name: "penguins" };
    const { metadata } = await cluster.client.get<Workflow>(WorkflowKind, ref);
    const conditions = [{ type: "Ready", status: "True", reason: "Succeeded", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    const status = { observedGeneration: metadata.generation, conditions, plan: { digest: digest(letter), revision: `main@sha1:${letter.repeat(40)}` } };
    await cluster.client.patch(WorkflowKind, ref, { type: "merge", body: { status } }, { subresource: "status" });
    await settle(100);
  }
  async function quiet(): Promise<void> {
    await cluster.clock.advance(600);
    await settle(100);
  }
  const create = async (object: KubeObject) => {
    await cluster.client.create(TriggerKind, object);
    await settle(100);
  };
  const runs = async () => (await cluster.client.list<Run>(RunKind, { namespace: NAMESPACE })).items;
  const current = () => cluster.client.get<Trigger>(TriggerKind, { namespace: NAMESPACE, name: "on-commit" });
  const finish = (name: string, phase = "Succeeded", endTime = "2026-01-01T00:00:00Z") =>
    cluster.client.patch(RunKind, { namespace: NAMESPACE, name }, { type: "merge", body: { status: { phase, endTime } } }, { subresource: "status" });

  it("takes the first commit it sees as known, and runs for the next", async () => {
    await create(trigger());
    await quiet();
    assert.deepEqual(await runs(), []);

    await compiled("b");
    await quiet();
    const [made, ...more] = await runs();
    assert.equal(more.length, 0);
    assert.deepEqual(made?.spec.inputs, { folds: 3 });
    assert.equal(made?.metadata.labels?.[LABEL.trigger], "on-commit");
    assert.equal((await current()).status?.lastRun?.name, made?.metadata.name);
  });

  it("waits until a commit has arrived whole: intermediate plans make no Run", async () => {
    await create(trigger());
    for (const letter of ["b", "c", "d"]) await compiled(letter);
    await quiet();
    assert.equal((await runs()).length, 1);
  });

  it("runs again for a plan that was there before, when another commit brings it back", async () => {
    await create(trigger());
    await compiled("b");
    await quiet();
    await compiled("c");
    await quiet();
    assert.equal((await runs()).length, 2);
  });

  it("does nothing while it is inactive", async () => {
    await create(trigger({ active: false }));
    await compiled("b");
    await quiet();
    assert.deepEqual(await runs(), []);
    assert.equal(conditionOf(await current(), "Active")?.status, "False");
  });

  it("drops a commit under Forbid while a Run is unfinished, and counts it", async () => {
    await create(trigger({ concurrencyPolicy: "Forbid" }));
    await compiled("b");
    await quiet();
    await compiled("c");
    await quiet();
    assert.equal((await runs()).length, 1);
    assert.equal((await current()).status?.skipped, 1);
  });

  it("aborts the unfinished Run under Replace", async () => {
    await create(trigger({ concurrencyPolicy: "Replace" }));
    await compiled("b");
    await quiet();
    await compiled("c");
    await quiet();
    assert.deepEqual((await runs()).map((run) => run.spec.desiredState).sort(), ["Aborted", "Running"]);
  });

  it("waits under Queue until the unfinished Run has ended", async () => {
    await create(trigger({ concurrencyPolicy: "Queue" }));
    await compiled("b");
    await quiet();
    await compiled("c");
    await quiet();
    const [first] = await runs();
    await finish(first?.metadata.name ?? "");
    await quiet();
    assert.equal((await runs()).length, 2);
  });

  it("keeps as many finished Runs as history says", async () => {
    await create(trigger({ history: { succeeded: 1 } }));
    for (const [index, letter] of ["b", "c", "d"].entries()) {
      await compiled(letter);
      await quiet();
      const open = (await runs()).find((run) => run.status?.endTime === undefined);
      await finish(open?.metadata.name ?? "", "Succeeded", `2026-01-01T00:0${index}:00Z`);
      await settle(100);
    }
    assert.equal((await runs()).length, 1);
  });

  it("makes the Run that was decided on when it stopped before making it", async () => {
    await create(trigger());
    await quiet();
    const { digest: seen } = (await current()).status?.onCommit ?? {};
    const name = triggeredRunName({ name: "on-commit", uid: (await current()).metadata.uid }, "decided");
    await cluster.client.patch(
      TriggerKind,
      { namespace: NAMESPACE, name: "on-commit" },
      { type: "merge", body: { status: { onCommit: { digest: seen }, lastRun: { name } } } },
      { subresource: "status" },
    );
    await settle(100);
    assert.deepEqual(
      (await runs()).map((run) => run.metadata.name),
      [name],
    );
    assert.ok((await current()).status?.lastRun?.uid);
  });

  it("names the fields that nothing acts upon, and still runs on commit", async () => {
    await create(trigger({ schedules: [{ cron: "0 2 * * *" }] }));
    await compiled("b");
    await quiet();
    assert.match(conditionOf(await current(), "NotImplemented")?.message ?? "", /spec\.schedules/);
    assert.equal(conditionOf(await current(), "Ready")?.reason, "NotImplemented");
    assert.equal((await runs()).length, 1);
  });
});
