import { join } from "node:path";
import { type Clock, type Logger, messageOf, sleep } from "../../base/index.ts";
import { type Change, Kinds, type ObjectClient } from "../../kube/index.ts";
import { lostStatus, wasStarted } from "./lost-pods.ts";
import type { PodRun } from "./pod-run.ts";
import { isFinished, type Pod, type PodStatus, uidOf } from "./pod-shapes.ts";
import { type Amounts, podRequests } from "./resources.ts";
import type { StatusWriter } from "./status-writer.ts";

export interface HeldPodsDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly statuses: StatusWriter;
  readonly nodeName: string;
  readonly node: Amounts;
  readonly directoryOf: (uid: string) => string;
  /** Starts a pod. */
  readonly begin: (pod: Pod) => PodRun;
  /** Never rejects. */
  readonly removeFiles: (directories: readonly string[]) => Promise<void>;
  /** Aborted when the node ends: nothing is started, told or deleted any more. */
  readonly signal: AbortSignal;
}

/** The pods of one node, from the first time they are seen until they are gone. */
export interface HeldPods {
  see(change: Change<Pod>): void;
  /** The run of a pod has ended. */
  ended(pod: Pod): Promise<void>;
  runOf(uid: string): PodRun | undefined;
  shutdown(graceMs: number): Promise<void>;
}

/** `run` is absent once it has ended. */
interface Held {
  run: PodRun | undefined;
  pod: Pod;
  dying: boolean;
}

const DELETE_RETRY_MS = 500;

/** What the node lacks for a pod beside those that run. Pods that were bound past the scheduler may not fit. */
function shortage(pod: Pod, running: readonly Pod[], node: Amounts): "cpu" | "memory" | undefined {
  const used = running.map(podRequests);
  const asks = podRequests(pod);
  const sum = (of: (amounts: Amounts) => number) => used.reduce((total, amounts) => total + of(amounts), of(asks));
  if (asks.cpuMillis > 0 && sum((amounts) => amounts.cpuMillis) > node.cpuMillis) return "cpu";
  return asks.memoryBytes > 0 && sum((amounts) => amounts.memoryBytes) > node.memoryBytes ? "memory" : undefined;
}

/** 404: it is gone. 409: another pod has its name by now. */
const isSettled = (thrown: unknown): boolean => thrown instanceof Error && "code" in thrown && (thrown.code === 409 || thrown.code === 404);

export function heldPods({ client, clock, logger, statuses, nodeName, node, directoryOf, begin, removeFiles, signal }: HeldPodsDeps): HeldPods {
  const held = new Map<string, Held>();

  function see({ type, object: pod, previous }: Change<Pod>): void {
    if (pod.spec.nodeName !== nodeName || signal.aborted) return;
    const uid = uidOf(pod);
    // A list after a broken watch may show another pod of the same name without having shown the end of the first.
    if (previous && previous.metadata.uid !== uid) forget(previous.metadata.uid);
    if (type === "deleted") return forget(uid);
    const known = held.get(uid);
    if (known) return refresh(known, pod);
    takeIn(pod);
  }

  function takeIn(pod: Pod): void {
    const mine: Held = { run: undefined, pod, dying: false };
    const running = [...held.values()].flatMap(({ run }) => (run ? [run.pod] : []));
    held.set(uidOf(pod), mine);
    if (isFinished(pod) || (pod.metadata.deletionTimestamp !== undefined && !wasStarted(pod))) return refresh(mine, pod);
    if (wasStarted(pod) && pod.spec.restartPolicy === "Never") return reportFinal(mine, lostStatus(pod, clock.now()));
    const lacking = shortage(pod, running, node);
    if (lacking === undefined) mine.run = begin(pod);
    else reportFinal(mine, { phase: "Failed", reason: `OutOf${lacking}`, message: `Node didn't have enough resource: ${lacking}` });
  }

  function refresh(known: Held, pod: Pod): void {
    known.pod = pod;
    if (known.run) known.run.update(pod);
    else if (pod.metadata.deletionTimestamp !== undefined) void letGo(known);
  }

  function reportFinal(mine: Held, status: PodStatus): void {
    statuses.write(mine.pod, status);
    if (mine.pod.metadata.deletionTimestamp !== undefined) void letGo(mine);
  }

  async function ended(pod: Pod): Promise<void> {
    const uid = uidOf(pod);
    const mine = held.get(uid);
    if (signal.aborted) return;
    // Not at once: whoever waits for the end of this pod acts in this very moment.
    await removeFiles(["volumes", "home"].map((part) => join(directoryOf(uid), part)));
    if (!mine) return removeFiles([directoryOf(uid)]);
    mine.run = undefined;
    if (mine.pod.metadata.deletionTimestamp !== undefined) await letGo(mine);
  }

  /** The last word on a deleted pod: its final status first, then the deletion without grace. What finalizers hold stays. */
  async function letGo(mine: Held): Promise<void> {
    if (mine.dying) return;
    mine.dying = true;
    const uid = uidOf(mine.pod);
    const { name = "", namespace } = mine.pod.metadata;
    await statuses.flushed(uid);
    while (!signal.aborted) {
      try {
        await client.delete(Kinds.Pod, { namespace, name }, { uid, gracePeriodSeconds: 0 });
        return;
      } catch (thrown) {
        if (isSettled(thrown)) return;
        logger.debug("pod not deleted yet", { pod: name, error: messageOf(thrown) });
        await sleep(clock, DELETE_RETRY_MS, signal);
      }
    }
  }

  function forget(uid: string): void {
    const known = held.get(uid);
    held.delete(uid);
    statuses.forget(uid);
    if (known?.run) known.run.remove();
    else void removeFiles([directoryOf(uid)]);
  }

  return {
    see,
    ended,
    runOf: (uid) => held.get(uid)?.run,
    shutdown: async (graceMs) => void (await Promise.all([...held.values()].map(({ run }) => run?.shutdown(graceMs)))),
  };
}
