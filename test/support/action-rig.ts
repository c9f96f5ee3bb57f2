import { seededRandom, silentLogger } from "../../base/index.ts";
import { type BlobStore, memoryStore } from "../../blobs/index.ts";
import { actionControllers, type ActionConfig } from "../../controllers/action/index.ts";
import { type TaskAction, TaskActionKind, type TaskActionSpec } from "../../crds/index.ts";
import { apiVersionOf, informerSet, Kinds, type ObjectClient, type Stored } from "../../kube/index.ts";
import { containerPlugin, defaultPluginConfig, encodeTaskTemplate } from "../../plugins/index.ts";
import { create, type Literal, LiteralMapSchema, toBinary } from "../../proto/index.ts";
import { recipe } from "./build-context.ts";
import { fakeKubelet, type FakeKubelet, type PodScript, type ScriptedPod } from "./fake-kubelet.ts";
import { faultLine, type FaultLine } from "./faults.ts";
import type { TestCluster } from "./test-cluster.ts";
import { settle } from "./virtual-clock.ts";

export const NAMESPACE = "ml-development";
const BASE = "runs/ml/development/iris-x7/run-uid";

export function actionManifest(action: string, overrides: Partial<TaskActionSpec> = {}, template = recipe()): TaskAction {
  return {
    apiVersion: apiVersionOf(TaskActionKind),
    kind: "TaskAction",
    metadata: { name: `iris-x7-${action}`, namespace: NAMESPACE, labels: {} },
    spec: {
      runName: "iris-x7",
      runUid: "run-uid",
      project: "ml",
      domain: "development",
      actionName: action,
      inputUri: `memory://store/${BASE}/${action}/inputs.pb`,
      runOutputBase: `memory://store/${BASE}`,
      taskType: "container",
      taskTemplate: encodeTaskTemplate(template),
      node: action,
      task: "train-fold",
      desiredState: "Running",
      ...overrides,
    },
  };
}

/** A policy with these budgets. */
export function policy(
  limits: { readonly limit?: number; readonly system?: number; readonly preemption?: number } = {},
  more: Partial<NonNullable<TaskActionSpec["policy"]>> = {},
) {
  const retries = { limit: 0, system: 3, preemption: 5, onExit: { retry: [], fail: [], skip: [] }, ...limits };
  return { retries, interruptible: false, ...more };
}

/** One program: its own line to the world, caches and controllers. */
interface Incarnation {
  readonly line: FaultLine;
  readonly idle: () => boolean;
  readonly stop: () => Promise<void>;
}

function incarnate(cluster: TestCluster, blobs: BlobStore, line: FaultLine, config: Partial<ActionConfig>): Incarnation {
  const { clock } = cluster;
  const stop = new AbortController();
  const random = seededRandom(1);
  const informers = informerSet({ client: line.client(cluster.client), clock, random, logger: silentLogger });
  const controllers = actionControllers({
    informers,
    blobs: line.blobs(blobs),
    plugins: [containerPlugin()],
    config: { plugin: defaultPluginConfig, progressIntervalMs: 0, ...config },
    clock,
    random,
    logger: silentLogger,
  });
  const running = [informers.run(stop.signal), ...controllers.map((each) => each.run(stop.signal))];
  return {
    line,
    idle: () => controllers.every(({ idle }) => idle),
    async stop() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** The action controller over an API server in memory and a kubelet that follows a script. */
export interface ActionRig {
  readonly blobs: BlobStore;
  readonly kubelet: FakeKubelet;
  readonly client: ObjectClient;
  /** The calls of the program that runs now. */
  readonly line: () => FaultLine;
  readonly create: (manifest: TaskAction, inputs?: Readonly<Record<string, Literal>>) => Promise<void>;
  readonly action: (action?: string) => Promise<Stored<TaskAction>>;
  /** Lets everything run until nothing moves any more; restarts the program when it dies. Time moves only when nothing else does: this far, or (by default) while there are timers of the next ten minutes. */
  readonly quiet: (maxMs?: number) => Promise<void>;
  /** Stops the program and starts another. */
  readonly restart: () => Promise<void>;
  /** Stops the program and removes what was made. */
  readonly clear: () => Promise<void>;
}

export function actionRig(
  cluster: TestCluster,
  script: (pod: ScriptedPod) => PodScript,
  options: { readonly line?: FaultLine; readonly config?: Partial<ActionConfig> } = {},
): ActionRig {
  const { client, clock } = cluster;
  const blobs = memoryStore("memory://store");
  const kubelet = fakeKubelet(
    client,
    () => blobs,
    script,
    () => clock.now(),
  );
  const config = options.config ?? {};
  let now = incarnate(cluster, blobs, options.line ?? faultLine(), config);

  async function restart(): Promise<void> {
    await now.stop();
    now = incarnate(cluster, blobs, faultLine(), config);
  }

  async function step(): Promise<boolean> {
    await settle(12);
    if (now.line.dead) {
      await restart();
      return true;
    }
    return !now.idle() || (await kubelet.step());
  }

  async function quiet(maxMs?: number): Promise<void> {
    const end = clock.now() + (maxMs ?? 600_000);
    for (;;) {
      for (let rounds = 0; await step(); rounds += 1) if (rounds > 2_000) throw new Error("never quiet");
      const next = clock.nextIn;
      if (next !== undefined && clock.now() + next <= end) await clock.advance(next);
      else return maxMs === undefined ? undefined : clock.advance(end - clock.now());
    }
  }

  async function clear(): Promise<void> {
    await now.stop();
    for (const kind of [TaskActionKind, Kinds.Pod, Kinds.Event]) {
      for (const { metadata } of (await client.list(kind, { namespace: NAMESPACE })).items) {
        if (metadata.finalizers?.length) await client.patch(kind, metadata, { type: "merge", body: { metadata: { finalizers: null } } });
        await client.delete(kind, metadata, { gracePeriodSeconds: 0 });
      }
    }
  }

  return {
    blobs,
    kubelet,
    client,
    line: () => now.line,
    async create(manifest, inputs = {}) {
      const key = `${BASE}/${manifest.spec.actionName}/inputs.pb`;
      await blobs.write(key, toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: inputs })));
      await client.create(TaskActionKind, manifest);
    },
    action: (action = "train") => client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: `iris-x7-${action}` }),
    quiet,
    restart,
    clear,
  };
}
