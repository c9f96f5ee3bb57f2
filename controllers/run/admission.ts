import { isFinished, type ProjectQuota, ProjectQuotaKind, type Run, RunKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import type { InformerSet, ObjectReader, Stored } from "../../kube/index.ts";
import { ACTIVE } from "./facts-of-run.ts";

/** Taken up and not finished: it counts against the quota of its namespace. */
const isUnderWay = (run: Run): boolean => run.status?.startTime !== undefined && !isFinished(run);

const isQueued = (run: Stored<Run>): boolean =>
  run.status?.startTime === undefined && !isFinished(run) && run.metadata.deletionTimestamp === undefined && run.spec.desiredState !== "Aborted";

function earlier(left: Stored<Run>, right: Stored<Run>): number {
  const [a, b] = [left, right].map(({ metadata }) => `${metadata.creationTimestamp ?? ""} ${metadata.name}`);
  return a! < b! ? -1 : 1;
}

export interface Admission {
  /** Whether the run's turn has come under the namespace's quota. A run admitted once stays admitted. */
  admits(run: Stored<Run>): boolean;
  /** How many more actions may start in the namespace now; undefined: no limit. */
  startBudget(namespace: string): number | undefined;
  /** Runs of the namespace that wait for their turn, as keys. */
  queued(namespace: string): readonly string[];
  limit(namespace: string): number | undefined;
}

/** Keeps `runs.maxConcurrent` and `actions.maxConcurrent` of the ProjectQuota; the oldest run goes first. */
export function admission(informers: InformerSet): Admission {
  const quotas = informers.of<ProjectQuota>({ kind: ProjectQuotaKind });
  const runs: ObjectReader<Run> = informers.of<Run>({ kind: RunKind });
  const actions: ObjectReader<TaskAction> = informers.of<TaskAction>({ kind: TaskActionKind });
  /** Admitted, and perhaps not yet written: by uid, per namespace. */
  const admitted = new Map<string, Set<string>>();

  const quotaOf = (namespace: string) => quotas.get(`${namespace}/default`)?.spec;
  const limit = (namespace: string): number | undefined => quotaOf(namespace)?.runs?.maxConcurrent;

  /** Those admitted here that the cache does not show under way yet; finished and vanished ones are forgotten. */
  function pending(namespace: string, known: readonly Stored<Run>[]): ReadonlySet<string> {
    const set = admitted.get(namespace) ?? new Set<string>();
    for (const uid of set) {
      const run = known.find(({ metadata }) => metadata.uid === uid);
      if (!run || isUnderWay(run) || isFinished(run)) set.delete(uid);
    }
    return set;
  }

  return {
    limit,
    queued: (namespace) => runs.list(namespace).filter(isQueued).map(({ metadata }) => `${namespace}/${metadata.name}`), // prettier-ignore
    startBudget(namespace) {
      const most = quotaOf(namespace)?.actions?.maxConcurrent;
      return most === undefined ? undefined : Math.max(0, most - actions.byIndex(ACTIVE, namespace).length);
    },
    admits(run) {
      const namespace = run.metadata.namespace ?? "";
      const most = limit(namespace);
      if (most === undefined || run.status?.startTime !== undefined) return true;
      const known = runs.list(namespace);
      const waiting = pending(namespace, known);
      if (waiting.has(run.metadata.uid)) return true;
      const free = most - known.filter(isUnderWay).length - waiting.size;
      const place = known.filter((other) => isQueued(other) && !waiting.has(other.metadata.uid)).sort(earlier).findIndex(({ metadata }) => metadata.uid === run.metadata.uid); // prettier-ignore
      if (free <= 0 || place < 0 || place >= free) return false;
      admitted.set(namespace, new Set([...waiting, run.metadata.uid]));
      return true;
    },
  };
}
