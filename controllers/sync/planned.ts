import type { GitSync } from "../../crds/index.ts";
import { type CheckResult, type Inventory, objectKey, type Plan, planChanges, type PlanOptions } from "../../gitops/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { ClusterView } from "./cluster-view.ts";
import { inParallel } from "./in-parallel.ts";

export interface PlanSubject {
  readonly sync: Stored<GitSync>;
  /** `main@sha1:…` */
  readonly revision: string;
}

export function planOptions(view: ClusterView, { sync, revision }: PlanSubject): PlanOptions {
  const { uid, name, namespace = "" } = sync.metadata;
  return {
    self: { uid, name, namespace, exists: (other) => view.syncExists(other) },
    revision,
    prune: sync.spec.prune,
    runs: sync.spec.runs === "Ignore" ? "Ignore" : "Create",
    namespace: (wanted) => view.namespace(wanted),
  };
}

/**
 * Plans twice: over the caches, which is cheap and settles nearly everything; then, for what is not settled, over fresh reads, because only these carry the
 * field owners, and because a cache may be a moment behind. Objects that are simply new are not read.
 */
export async function planned(view: ClusterView, checked: CheckResult, inventory: Inventory, subject: PlanSubject): Promise<Plan> {
  const options = planOptions(view, subject);
  const cached = { get: (key: string) => view.cached(key) };
  const first = planChanges(checked, inventory, cached, options);
  const doubtful = [
    ...first.applies
      .map(({ object }) => object)
      .filter((object) => object.kind === "Run" || inventory.has(objectKey(object)) || view.cached(objectKey(object)) !== undefined),
    ...[...first.endings, ...first.removals].map(({ entry }) => entry),
    ...checked.objects.filter((object) => object.kind === "Run" && first.gone.includes(objectKey(object))),
  ];
  if (doubtful.length === 0) return first;
  const fresh = new Map<string, Stored | undefined>();
  await inParallel(doubtful, async (identity) => void fresh.set(objectKey(identity), await view.fresh(identity)));
  return planChanges(checked, inventory, { get: (key) => (fresh.has(key) ? fresh.get(key) : cached.get(key)) }, options);
}
