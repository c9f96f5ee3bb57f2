import { LABEL } from "../../base/index.ts";
import { ATTEMPT_FILES, type BlobStore } from "../../blobs/index.ts";
import { isNotFound, Kinds, type KubeObject, type ObjectClient, type Stored } from "../../kube/index.ts";
import { create, type Literal, LiteralMapSchema, toBinary } from "../../proto/index.ts";

/** What one pod does. */
export interface PodScript {
  /** Exit code of the program; default 0. */
  readonly exit?: number;
  readonly outputs?: Readonly<Record<string, Literal>>;
  readonly message?: string;
  /** Runs until it is stopped. */
  readonly hangs?: boolean;
  readonly oom?: boolean;
  /** The node is taken away while the program runs. */
  readonly preempted?: boolean;
  /** Hangs, and the node does not answer when it is to be stopped. */
  readonly silent?: boolean;
  /** More fields of result.json. */
  readonly result?: Readonly<Record<string, unknown>>;
}

export interface ScriptedPod {
  readonly name: string;
  readonly node: string;
  /** 0-based. */
  readonly attempt: number;
  readonly item: number | undefined;
}

export interface FakeKubelet {
  /** Moves every pod one stage on; false when none could move. */
  step(): Promise<boolean>;
  /** Uids of the pods whose program was started, by pod name. */
  readonly started: ReadonlyMap<string, ReadonlySet<string>>;
}

interface PodLike extends KubeObject {
  readonly spec: { readonly initContainers: readonly { readonly name: string; readonly args: readonly string[] }[] };
  readonly status?: { readonly phase?: string };
}

function flag(pod: PodLike, name: string): string {
  const args = pod.spec.initContainers.find((container) => container.name === "copilot-sidecar")?.args ?? [];
  return args[args.indexOf(`--${name}`) + 1] ?? "";
}

function scripted(pod: Stored<PodLike>): ScriptedPod {
  const labels = pod.metadata.labels ?? {};
  const item = labels[LABEL.mapIndex];
  return {
    name: pod.metadata.name,
    node: labels[LABEL.node] ?? "",
    attempt: Number(labels[LABEL.attempt]),
    item: item === undefined ? undefined : Number(item),
  };
}

const SIDECAR_DONE = { name: "copilot-sidecar", state: { terminated: { exitCode: 0, reason: "Completed" } } };

/** A kubelet that runs nothing: pods end as a script says, and their results are stored as copilot would. */
export function fakeKubelet(client: ObjectClient, blobs: () => BlobStore, script: (pod: ScriptedPod) => PodScript, now: () => number): FakeKubelet {
  const started = new Map<string, Set<string>>();
  const time = () => new Date(now()).toISOString().replace(/\.\d+Z$/, "Z");

  async function setStatus(pod: Stored, status: object): Promise<void> {
    const { name, namespace } = pod.metadata;
    await client.patch(Kinds.Pod, { namespace, name }, { type: "merge", body: { status } }, { subresource: "status" });
  }

  async function start(pod: Stored<PodLike>): Promise<void> {
    const { name, uid } = pod.metadata;
    started.set(name, (started.get(name) ?? new Set()).add(uid));
    await setStatus(pod, {
      phase: "Running",
      startTime: time(),
      conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: time() }],
      containerStatuses: [{ name: "main", state: { running: { startedAt: time() } } }],
    });
  }

  async function store(pod: PodLike, { exit = 0, outputs = {}, result }: PodScript): Promise<void> {
    const prefix = blobs().keyOf(flag(pod, "prefix")) ?? "";
    if (exit === 0) await blobs().write(`${prefix}/${ATTEMPT_FILES.outputs}`, toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: outputs })));
    const outcome =
      exit === 0
        ? { outcome: "Succeeded" }
        : { outcome: "Failed", error: { code: "OutputMissing", message: "no outputs", kind: "USER", retryable: true, skip: false } };
    await blobs().write(`${prefix}/${ATTEMPT_FILES.result}`, JSON.stringify({ ...outcome, warnings: [], ...result }));
  }

  async function end(pod: Stored<PodLike>, { exit = 0, message = "", oom, preempted }: PodScript, more: object = {}): Promise<void> {
    const reason = oom ? "OOMKilled" : exit === 0 ? "Completed" : "Error";
    const conditions = preempted
      ? { conditions: [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler", message: "", lastTransitionTime: time() }] }
      : {};
    await setStatus(pod, {
      phase: exit === 0 ? "Succeeded" : "Failed",
      initContainerStatuses: [SIDECAR_DONE],
      containerStatuses: [{ name: "main", state: { terminated: { exitCode: exit, reason, message, startedAt: time(), finishedAt: time() }, running: null } }],
      ...conditions,
      ...more,
    });
  }

  async function remove(pod: Stored): Promise<boolean> {
    if (pod.metadata.deletionGracePeriodSeconds === 0) return false;
    const { name, namespace, uid } = pod.metadata;
    await client.delete(Kinds.Pod, { namespace, name }, { uid, gracePeriodSeconds: 0 });
    return true;
  }

  async function move(pod: Stored<PodLike>): Promise<boolean> {
    const phase = pod.status?.phase ?? "Pending";
    const over = phase === "Succeeded" || phase === "Failed";
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (script(scripted(pod)).silent) return false;
      if (over || phase === "Pending") return remove(pod);
      await end(pod, { exit: 143 });
      return true;
    }
    if (over) return false;
    if (phase === "Pending") {
      await start(pod);
      return true;
    }
    const plan = script(scripted(pod));
    if (plan.hangs) return false;
    const exit = plan.preempted ? 143 : plan.oom ? 137 : (plan.exit ?? 0);
    await store(pod, { ...plan, exit });
    await end(pod, { ...plan, exit });
    return true;
  }

  return {
    started,
    async step() {
      let moved = false;
      for (const pod of (await client.list<PodLike>(Kinds.Pod, { labelSelector: `${LABEL.managed}=true` })).items) {
        const did = await move(pod).catch((thrown: unknown) => {
          if (isNotFound(thrown)) return true;
          throw thrown;
        });
        moved ||= did;
      }
      return moved;
    },
  };
}
