import assert from "node:assert/strict";
import { LABEL } from "../../base/index.ts";
import type { TaskAction } from "../../crds/index.ts";
import { type KubeObject, Kinds, type Stored } from "../../kube/index.ts";
import { floatLiteral, integerLiteral, listLiteral } from "../../values/index.ts";
import { actionManifest, type ActionRig, actionRig, NAMESPACE, policy } from "../support/action-rig.ts";
import { interfaceOfTypes, recipe } from "../support/build-context.ts";
import type { PodScript, ScriptedPod } from "../support/fake-kubelet.ts";
import { type Fault, FAULTS, faultLine } from "../support/faults.ts";
import { type TestCluster, testCluster } from "../support/test-cluster.ts";

/** A small life of one action: what is made, what its pods do, and what people do to it meanwhile. */
interface Scenario {
  readonly manifest: () => TaskAction;
  readonly script: (pod: ScriptedPod) => PodScript;
  readonly meanwhile?: (rig: ActionRig) => Promise<void>;
}

const loss = { outputs: { loss: floatLiteral(0.5) } };
const mapTemplate = recipe({ interface: interfaceOfTypes({ fold: "integer" }, { loss: "float" }), container: { args: ["--fold", "{{.inputs.fold}}"] } });

async function abort(rig: ActionRig): Promise<void> {
  const { metadata } = await rig.action();
  await rig.client.patch({ group: "flyte.org", version: "v1", kind: "TaskAction", plural: "taskactions", namespaced: true }, metadata, {
    type: "merge",
    body: { spec: { desiredState: "Aborted", abortReason: "not needed" } },
  });
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "a program that succeeds": { manifest: () => actionManifest("train"), script: () => loss },
  "a program that fails once": {
    manifest: () => actionManifest("train", { policy: policy({ limit: 1 }) }),
    script: ({ attempt }) => (attempt === 0 ? { exit: 7, message: "boom" } : loss),
  },
  "a program that fails for good": { manifest: () => actionManifest("train", { policy: policy({ limit: 1 }) }), script: () => ({ exit: 7, message: "boom" }) },
  "a preemption": {
    manifest: () => actionManifest("train"),
    script: ({ attempt }) => (attempt === 0 ? { preempted: true } : loss),
  },
  "an abort": { manifest: () => actionManifest("train"), script: () => ({ hangs: true }), meanwhile: abort },
  "a spec that cannot work": { manifest: () => actionManifest("train", { code: { path: "src/" } }), script: () => loss },
  "a map of which one item fails": {
    manifest: () => actionManifest("train", { map: { count: 3, over: ["fold"], concurrency: 2, minSuccessRatio: 0.6, failed: "Keep" } }, mapTemplate),
    script: ({ item }) => (item === 1 ? { exit: 7, message: "boom" } : loss),
  },
};

interface EndState {
  readonly action: unknown;
  readonly pods: readonly string[];
  readonly blobs: readonly string[];
  readonly started: readonly string[];
}

/** The world without what may differ between two lives of the same action: times, and phases that nobody saw. */
async function endState(rig: ActionRig): Promise<EndState> {
  const { status = {} } = await rig.action();
  const { phaseHistory: _h, startTime: _s, endTime: _e, duration: _d, stateJson: _j, nextAttemptAt: _n, conditions, ...rest } = status;
  const pods = (await rig.client.list<KubeObject & { status?: { phase?: string } }>(Kinds.Pod, { namespace: NAMESPACE, labelSelector: LABEL.managed })).items;
  const blobs: string[] = [];
  for await (const { key } of rig.blobs.list("runs")) blobs.push(key);
  return {
    action: { ...rest, conditions: (conditions ?? []).map(({ type, status: holds, reason }) => `${type}=${holds}/${reason}`).sort() },
    pods: pods
      .map(
        (pod: Stored<KubeObject & { status?: { phase?: string } }>) =>
          `${pod.metadata.name} ${pod.status?.phase ?? ""} ${(pod.metadata.finalizers ?? []).join()}`,
      )
      .sort(),
    blobs,
    started: [...rig.kubelet.started].map(([name, uids]) => `${name} ×${uids.size}`).sort(),
  };
}

async function live(
  cluster: TestCluster,
  scenario: Scenario,
  at?: number,
  fault?: Fault,
): Promise<{ readonly end: EndState; readonly calls: readonly string[] }> {
  const line = faultLine(at, fault);
  const rig = actionRig(cluster, scenario.script, { line });
  try {
    await rig.create(scenario.manifest(), { fold: listLiteral([integerLiteral(1n), integerLiteral(2n), integerLiteral(3n)]) });
    await rig.quiet();
    if (scenario.meanwhile) {
      await scenario.meanwhile(rig);
      await rig.quiet();
    }
    return { end: await endState(rig), calls: line.calls };
  } finally {
    await rig.clear();
  }
}

describe("an action, whichever call fails", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  before(async () => {
    cluster = await testCluster({ namespaces: [NAMESPACE] });
  });
  after(() => cluster.close());

  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`ends the same: ${name}`, async () => {
      const clean = await live(cluster, scenario);
      for (const started of clean.end.started) assert.match(started, /×1$/, "every attempt starts once");
      for (let at = 0; at < clean.calls.length; at += 1) {
        for (const fault of FAULTS) {
          const { end, calls } = await live(cluster, scenario, at, fault);
          assert.ok(calls.length > at, "the call that was to fail was made");
          assert.deepEqual(end, clean.end, `${fault} at call ${at}: ${clean.calls[at] ?? ""}`);
        }
      }
    });
  }
});
