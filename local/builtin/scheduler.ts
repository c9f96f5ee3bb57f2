import { type Clock, type Logger, messageOf, rfc3339, sleep } from "../../base/index.ts";
import { type EventRecorder, type InformerSet, isNotFound, Kinds, type KubeObject, type Stored } from "../../kube/index.ts";
import { isFinished, type Pod, type PodCondition } from "../kubelet/index.ts";
import { addLoad, loads, type Node, place } from "./placement.ts";

export interface SchedulerDeps {
  readonly informers: InformerSet;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY_MS = 500;

/** Gives every pod without a node one that has room for its requests, oldest first; the others wait and say why. */
export function scheduler({ informers, events, clock, logger }: SchedulerDeps): { run(signal: AbortSignal): Promise<void> } {
  const { client } = informers;
  const pods = informers.of<Pod>({ kind: Kinds.Pod });
  const nodes = informers.of<Node>({ kind: Kinds.Node });
  /** Pods bound here whose binding the cache has not shown yet, by uid. */
  const assumed = new Map<string, string>();

  function waitingPods(): Stored<Pod>[] {
    const mine = (pod: Stored<Pod>) =>
      pod.spec.nodeName === undefined &&
      pod.metadata.deletionTimestamp === undefined &&
      !isFinished(pod) &&
      !pod.spec.schedulingGates?.length &&
      !assumed.has(pod.metadata.uid) &&
      (pod.spec.schedulerName ?? "default-scheduler") === "default-scheduler";
    const rank = ({ spec, metadata }: Stored<Pod>) => [-Number(spec["priority"] ?? 0), metadata.creationTimestamp ?? "", metadata.name] as const;
    return pods
      .list()
      .filter(mine)
      .sort((a, b) => compare(rank(a), rank(b)));
  }

  /** One look at everything that waits. */
  async function pass(): Promise<void> {
    const waiting = waitingPods();
    if (waiting.length === 0) return;
    const used = loads(pods.list().map((pod) => withAssumed(pod)));
    const ready = nodes.list();
    const work: Promise<void>[] = [];
    for (const pod of waiting) {
      const placement = place(pod, ready, used);
      if (placement.kind === "wait") {
        work.push(sayWaiting(pod, placement.message));
        continue;
      }
      addLoad(used, placement.node, pod);
      assumed.set(pod.metadata.uid, placement.node);
      work.push(bind(pod, placement.node));
    }
    await Promise.all(work);
  }

  function withAssumed(pod: Stored<Pod>): Pod {
    const nodeName = pod.spec.nodeName ?? assumed.get(pod.metadata.uid);
    return nodeName === undefined ? pod : { ...pod, spec: { ...pod.spec, nodeName } };
  }

  async function bind(pod: Stored<Pod>, node: string): Promise<void> {
    const { name, namespace = "", uid } = pod.metadata;
    try {
      const metadata = { name, namespace, uid };
      const binding: KubeObject = { apiVersion: "v1", kind: "Binding", metadata, target: { apiVersion: "v1", kind: "Node", name: node } };
      await client.create(Kinds.Pod, binding, { subresource: "binding" });
      void events.record(pod, { type: "Normal", reason: "Scheduled", message: `Successfully assigned ${namespace}/${name} to ${node}` });
    } catch (thrown) {
      assumed.delete(uid);
      if (!isNotFound(thrown)) logger.debug("pod not bound yet", { pod: name, error: messageOf(thrown) });
    }
  }

  async function sayWaiting(pod: Stored<Pod>, message: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    const before = pod.status?.conditions ?? [];
    const old = before.find(({ type }) => type === "PodScheduled");
    if (old?.status === "False" && old.message === message) return;
    const now = rfc3339(clock.now());
    const lastTransitionTime = old?.status === "False" ? (old.lastTransitionTime ?? now) : now;
    const condition: PodCondition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastProbeTime: null, lastTransitionTime };
    const conditions = [...before.filter(({ type }) => type !== "PodScheduled"), condition];
    try {
      await client.patch(Kinds.Pod, { namespace, name }, { type: "merge", body: { metadata: { uid }, status: { conditions } } }, { subresource: "status" });
      void events.record(pod, { type: "Warning", reason: "FailedScheduling", message });
    } catch (thrown) {
      if (!isNotFound(thrown)) logger.debug("pod status not written", { pod: name, error: messageOf(thrown) });
    }
  }

  return {
    async run(signal) {
      await Promise.all([pods.whenSynced(signal), nodes.whenSynced(signal)]);
      let due: () => void = () => undefined;
      const stops = [
        pods.onChange(({ type, object }) => {
          if (type === "deleted" || object.spec.nodeName !== undefined) assumed.delete(object.metadata.uid);
          due();
        }),
        nodes.onChange(() => due()),
      ];
      const aborted = untilAborted(signal);
      while (!signal.aborted) {
        const changed = new Promise<void>((resolve) => (due = resolve));
        await pass();
        const waiting = waitingPods().length > 0;
        await Promise.race([changed, waiting ? sleep(clock, RETRY_MS, signal) : aborted]);
      }
      for (const stop of stops) stop();
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  if (index < 0) return 0;
  return (a[index] ?? 0) < (b[index] ?? 0) ? -1 : 1;
}
