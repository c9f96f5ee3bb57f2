import { type Json, type JsonObject, type Logger, seededRandom, silentLogger } from "../../base/index.ts";
import { ATTEMPT_FILES, attemptPrefix, type BlobStore, memoryStore, type openRemoteData } from "../../blobs/index.ts";
import { inlineEvaluator } from "../../cel/index.ts";
import { archiveController } from "../../controllers/archive/index.ts";
import { definitionControllers } from "../../controllers/definition/index.ts";
import { runControllers } from "../../controllers/run/index.ts";
import { type Run, RunKind, type TaskAction, TaskActionKind, type TaskActionStatus, TaskKind, WorkflowKind } from "../../crds/index.ts";
import { informerSet, type KindRef, type KubeObject, type ObjectClient, type Stored } from "../../kube/index.ts";
import { decodeTaskTemplate } from "../../plugins/index.ts";
import { fromBinary, type Literal, LiteralMapSchema } from "../../proto/index.ts";
import { encodeLiteralMap, isProblems, listLiteral, literalOf, literalToJson, parametersOf } from "../../values/index.ts";
import { faultLine, type FaultLine } from "./faults.ts";
import { type MemoryArchive, memoryArchive } from "./memory-archive.ts";
import type { TestCluster } from "./test-cluster.ts";
import { settle } from "./virtual-clock.ts";

export const NAMESPACE = "ml-development";

/** What an action is to end with; "running" leaves it running. For a map, outputs are those of each item. */
export type ActionScript =
  | "running"
  | { readonly phase?: TaskActionStatus["phase"]; readonly outputs?: JsonObject; readonly error?: { readonly code: string; readonly message: string } };

/** The definition, run and archive controllers over an API server in memory; actions end as a script says. */
export interface RunRig {
  readonly blobs: BlobStore;
  readonly archive: MemoryArchive;
  readonly client: ObjectClient;
  readonly line: () => FaultLine;
  apply(kind: KindRef, object: KubeObject): Promise<void>;
  task(name: string, inputs: JsonObject, outputs: JsonObject, more?: JsonObject): Promise<void>;
  workflow(name: string, spec: JsonObject): Promise<void>;
  run(name: string, spec: JsonObject, metadata?: JsonObject): Promise<void>;
  status(name: string): Promise<NonNullable<Run["status"]>>;
  get(name: string): Promise<Stored<Run>>;
  actions(): Promise<Stored<TaskAction>[]>;
  /** The inputs that an action was given, as JSON. */
  inputs(action: string): Promise<Record<string, Json>>;
  outputs(run: string): Promise<Record<string, Literal>>;
  patch(name: string, spec: JsonObject): Promise<void>;
  /** How often the executor took up each action, by its name: more than once is an effect done twice. */
  readonly executed: ReadonlyMap<string, number>;
  quiet(maxMs?: number): Promise<void>;
  restart(): Promise<void>;
  /** Does this while no controller runs. */
  pause(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

interface Incarnation {
  readonly line: FaultLine;
  readonly idle: () => boolean;
  readonly stop: () => Promise<void>;
}

interface Outside {
  readonly cluster: TestCluster;
  readonly blobs: BlobStore;
  readonly archive: MemoryArchive;
  readonly openRemote: typeof openRemoteData | undefined;
  readonly logger: Logger;
}

function incarnate({ cluster, blobs, archive, openRemote, logger }: Outside, line: FaultLine): Incarnation {
  const { clock } = cluster;
  const stop = new AbortController();
  const common = { clock, random: seededRandom(1), logger };
  const informers = informerSet({ ...common, client: line.client(cluster.client) });
  const deps = { ...common, informers, blobs: line.blobs(blobs), evaluator: inlineEvaluator, ...(openRemote ? { openRemote } : {}) };
  const controllers = [...definitionControllers(deps), ...runControllers(deps), archiveController({ ...common, informers, records: line.archive(archive) })];
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

const ENDED: readonly (string | undefined)[] = ["Succeeded", "Failed", "Aborted", "TimedOut", "Skipped"];

export interface RunRigOptions {
  /** What the first start of the controllers asks of the world goes through it. */
  readonly line?: FaultLine;
  readonly openRemote?: typeof openRemoteData;
  readonly logger?: Logger;
}

export function runRig(cluster: TestCluster, script: (action: TaskAction) => ActionScript, options: RunRigOptions = {}): RunRig {
  const { line = faultLine(), openRemote, logger = silentLogger } = options;
  const { client, clock } = cluster;
  const blobs = memoryStore("memory://store");
  const executed = new Map<string, number>();
  const archive = memoryArchive();
  const outside: Outside = { cluster, blobs, archive, openRemote, logger };
  let now = incarnate(outside, line);

  async function writeStatus(action: Stored<TaskAction>, status: TaskActionStatus): Promise<void> {
    await client.patch(TaskActionKind, action.metadata, { type: "merge", body: { status } }, { subresource: "status" });
  }

  async function storeOutputs(action: Stored<TaskAction>, given: JsonObject): Promise<string> {
    const parameters = parametersOf(decodeTaskTemplate(action.spec.taskTemplate ?? "").interface.outputs);
    if (isProblems(parameters)) throw new Error(JSON.stringify(parameters));
    const literals: Record<string, Literal> = {};
    for (const { name, type } of parameters) {
      if (given[name] === undefined) continue;
      const literal = literalOf(type, given[name]);
      if (isProblems(literal)) throw new Error(JSON.stringify(literal));
      literals[name] = action.spec.map ? listLiteral(Array.from({ length: action.spec.map.count }, () => literal)) : literal;
    }
    const base = blobs.keyOf(action.spec.runOutputBase ?? "")!;
    const key = `${attemptPrefix({ base, actionName: action.spec.actionName }, 0)}/${ATTEMPT_FILES.outputs}`;
    await blobs.write(key, encodeLiteralMap(literals));
    return blobs.uri(key);
  }

  async function execute(action: Stored<TaskAction>): Promise<boolean> {
    if (ENDED.includes(action.status?.phase)) return false;
    const at = new Date(clock.now()).toISOString();
    if (action.spec.desiredState === "Aborted") {
      await writeStatus(action, { phase: "Aborted", endTime: at });
      return true;
    }
    const said = script(action);
    if (said === "running") {
      if (action.status?.phase === "Running") return false;
      executed.set(action.metadata.name, (executed.get(action.metadata.name) ?? 0) + 1);
      await writeStatus(action, { phase: "Running", startTime: at });
      return true;
    }
    executed.set(action.metadata.name, (executed.get(action.metadata.name) ?? 0) + 1);
    const phase = said.phase ?? (said.error ? "Failed" : "Succeeded");
    const outputs = phase === "Succeeded" ? { outputs: { uri: await storeOutputs(action, said.outputs ?? {}) } } : {};
    const items = action.spec.map && { phases: "s".repeat(action.spec.map.count), succeeded: action.spec.map.count, failed: 0, running: 0 };
    const errorState = said.error && { ...said.error, kind: "USER" as const };
    await writeStatus(action, {
      phase,
      startTime: at,
      endTime: at,
      attempts: 1,
      ...outputs,
      ...(items ? { items } : {}),
      ...(errorState ? { errorState } : {}),
    });
    return true;
  }

  async function actions(): Promise<Stored<TaskAction>[]> {
    return (await client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE })).items;
  }

  async function executeAll(): Promise<boolean> {
    let moved = false;
    for (const action of await actions()) moved = (await execute(action)) || moved;
    return moved;
  }

  const restart = () => pause(async () => {});

  async function pause(work: () => Promise<void>): Promise<void> {
    await now.stop();
    await work();
    now = incarnate(outside, faultLine());
  }

  async function step(): Promise<boolean> {
    await settle(12);
    if (now.line.dead) {
      await restart();
      return true;
    }
    return !now.idle() || (await executeAll());
  }

  async function quiet(maxMs = 60_000): Promise<void> {
    const end = clock.now() + maxMs;
    for (;;) {
      for (let rounds = 0; await step(); rounds += 1) if (rounds > 2_000) throw new Error("never quiet");
      const next = clock.nextIn;
      if (next === undefined || clock.now() + next > end) return;
      await clock.advance(next);
    }
  }

  const of = (kind: KindRef, name: string, spec: JsonObject, metadata: JsonObject = {}): KubeObject => ({
    apiVersion: "flyte.org/v1",
    kind: kind.kind,
    metadata: { name, namespace: NAMESPACE, ...metadata },
    spec,
  });
  const get = (name: string) => client.get<Run>(RunKind, { namespace: NAMESPACE, name });
  const apply = async (kind: KindRef, object: KubeObject) => void (await client.create(kind, object));

  return {
    blobs,
    archive,
    client,
    line: () => now.line,
    apply,
    executed,
    actions,
    get,
    quiet,
    restart,
    pause,
    task: (name, inputs, outputs, more = {}) =>
      apply(TaskKind, of(TaskKind, name, { type: "container", inputs, outputs, container: { image: "busybox", command: ["true"] }, ...more })),
    workflow: (name, spec) => apply(WorkflowKind, of(WorkflowKind, name, spec)),
    run: (name, spec, metadata) => apply(RunKind, of(RunKind, name, spec, metadata)),
    status: async (name) => (await get(name)).status ?? {},
    patch: async (name, spec) => void (await client.patch(RunKind, { namespace: NAMESPACE, name }, { type: "merge", body: { spec } })),
    async inputs(name) {
      const action = await client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name });
      const { literals } = fromBinary(LiteralMapSchema, await blobs.read(blobs.keyOf(action.spec.inputUri ?? "")!, 1 << 20));
      const parameters = parametersOf(decodeTaskTemplate(action.spec.taskTemplate ?? "").interface.inputs);
      if (isProblems(parameters)) throw new Error(JSON.stringify(parameters));
      const over = action.spec.map?.over ?? [];
      return Object.fromEntries(
        parameters
          .filter(({ name: input }) => literals[input])
          .map(({ name: input, type }) => [input, literalToJson(over.includes(input) ? { kind: "list", of: type } : type, literals[input]!)]),
      );
    },
    async outputs(name) {
      const uri = (await get(name)).status?.outputs?.uri ?? "";
      return fromBinary(LiteralMapSchema, await blobs.read(blobs.keyOf(uri)!, 1 << 20)).literals;
    },
    async stop() {
      await now.stop();
    },
  };
}
