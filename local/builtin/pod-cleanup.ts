import { type Clock, type Logger, messageOf, sleep } from "../../base/index.ts";
import { type InformerSet, isNotFound, Kinds, type Stored } from "../../kube/index.ts";
import { isFinished, type Pod } from "../kubelet/index.ts";

export interface PodCleanupDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOOK_MS = 20_000;
/** A node that is missing must stay missing this long before its pods go. */
const QUARANTINE_MS = 40_000;
/** Finished pods kept, the value of kube-controller-manager. */
const FINISHED_MAX = 12_500;

/** Removes pods nobody else will: of nodes that no longer exist, deleted before they had a node, and finished ones beyond a bound. */
export function podCleanup({ informers, clock, logger }: PodCleanupDeps): { run(signal: AbortSignal): Promise<void> } {
  const pods = informers.of<Pod>({ kind: Kinds.Pod });
  const nodes = informers.of({ kind: Kinds.Node });
  const missingSince = new Map<string, number>();

  function lostNodes(): Set<string> {
    const now = clock.now();
    const named = new Set(pods.list().flatMap(({ spec }) => spec.nodeName ?? []));
    for (const name of missingSince.keys()) if (!named.has(name) || nodes.get(name)) missingSince.delete(name);
    for (const name of named) if (!nodes.get(name) && !missingSince.has(name)) missingSince.set(name, now);
    return new Set([...missingSince].filter(([, since]) => now - since >= QUARANTINE_MS).map(([name]) => name));
  }

  function surplus(): Stored<Pod>[] {
    const finished = pods.list().filter((pod) => isFinished(pod) && pod.metadata.deletionTimestamp === undefined);
    if (finished.length <= FINISHED_MAX) return [];
    const age = ({ metadata }: Stored<Pod>) => metadata.creationTimestamp ?? "";
    return finished.sort((a, b) => (age(a) < age(b) ? -1 : 1)).slice(0, finished.length - FINISHED_MAX);
  }

  async function remove(pod: Stored<Pod>): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    try {
      if (!isFinished(pod)) {
        const status = { phase: "Failed", reason: "NodeLost", message: "PodGC: node no longer exists" };
        await informers.client.patch(Kinds.Pod, { namespace, name }, { type: "merge", body: { metadata: { uid }, status } }, { subresource: "status" });
      }
      await informers.client.delete(Kinds.Pod, { namespace, name }, { uid, gracePeriodSeconds: 0 });
    } catch (thrown) {
      if (!isNotFound(thrown)) logger.debug("pod not cleaned up yet", { pod: name, error: messageOf(thrown) });
    }
  }

  return {
    async run(signal) {
      await Promise.all([pods.whenSynced(signal), nodes.whenSynced(signal)]);
      while (!signal.aborted) {
        const lost = lostNodes();
        const orphaned = pods.list().filter(({ spec }) => spec.nodeName !== undefined && lost.has(spec.nodeName));
        const unbound = pods.list().filter(({ spec, metadata }) => spec.nodeName === undefined && metadata.deletionTimestamp !== undefined);
        for (const pod of new Set([...orphaned, ...unbound, ...surplus()])) await remove(pod);
        await sleep(clock, LOOK_MS, signal);
      }
    },
  };
}
