import assert from "node:assert/strict";
import { canonicalJson } from "../../base/index.ts";
import { RunKind, TaskKind } from "../../crds/index.ts";
import { Kinds } from "../../kube/index.ts";
import { type Fault, faultLine } from "../../test/support/faults.ts";
import { NAMESPACE, type SyncRig, syncRig } from "./testing/sync-rig.ts";

const FILES = {
  "project.yaml": "apiVersion: flyte.org/v1\nkind: Project\nmetadata: {name: ml}\nspec: {domains: [development]}\n",
  "train.yaml": `apiVersion: flyte.org/v1
kind: Task
metadata: {name: train, namespace: ${NAMESPACE}}
spec:
  type: container
  inputs: {data: file<csv>}
  container: {image: "node:22", command: [node, train.js]}
`,
  "first.yaml": `apiVersion: flyte.org/v1
kind: Run
metadata: {name: first, namespace: ${NAMESPACE}}
spec:
  task: train
  inputs: {data: {file: data.csv}}
`,
  "data.csv": "a\n",
};

describe("a sync that is hit at any call", function () {
  this.timeout(60_000);

  /** Everything that must be the same in the end. Uids and versions may differ, times too. */
  async function world(rig: SyncRig): Promise<string> {
    const [run] = (await rig.cluster.client.list(RunKind)).items;
    const [task] = (await rig.cluster.client.list(TaskKind)).items;
    const parts = (await rig.cluster.client.list(Kinds.ConfigMap, { namespace: "flyteops-system" })).items;
    const entries = parts.flatMap((part) => Object.keys((part["data"] ?? {}) as object)).sort();
    const said = [rig.condition("Ready"), rig.condition("Applied")];
    return canonicalJson([run?.["spec"], run?.metadata.labels, task?.["spec"], task?.metadata.annotations, entries, await Promise.all(said)]);
  }

  async function synced(at?: number, fault?: Fault): Promise<{ end: string; calls: number; runs: number }> {
    const rig = await syncRig({}, undefined);
    let runs = 0;
    const stop = new AbortController();
    const counting = (async () => {
      for await (const event of rig.cluster.client.watch(RunKind, { resourceVersion: "0", signal: stop.signal })) if (event.type === "ADDED") runs += 1;
    })();
    const line = faultLine(at, fault);
    await rig.restart(line);
    rig.remote.commit(FILES);
    await rig.quiet();
    if (line.dead) await rig.restart();
    await rig.cluster.clock.advance(120_000);
    await rig.quiet();
    const end = await world(rig);
    stop.abort();
    await counting.catch(() => undefined);
    await rig.close();
    return { end, calls: line.calls.length, runs };
  }

  it("ends in the same state, with the Run created once", async () => {
    const clean = await synced();
    assert.match(clean.end, /Ready=True/);
    assert.equal(clean.runs, 1);
    const faults: readonly Fault[] = ["crash after", "lost answer", "crash before", "conflict"];
    for (let at = 0; at < clean.calls; at += 1) {
      const fault = faults[at % faults.length] ?? "crash after";
      const hit = await synced(at, fault);
      assert.equal(hit.end, clean.end, `${fault} at call ${at}`);
      assert.equal(hit.runs, 1, `${fault} at call ${at} created ${hit.runs} Runs`);
    }
  });
});
