import { inParallel } from "../../base/index.ts";
import type { GitSync } from "../../crds/index.ts";
import { type CheckResult, type Inventory, objectKey, type Plan, planChanges, type PlanOptions, type Problem, sortProblems } from "../../gitops/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { HeldRuns } from "./adopt.ts";
import { type ClusterView, PARALLEL_CALLS } from "./cluster-view.ts";

export interface PlanSubject {
  readonly sync: Stored<GitSync>;
  /** `main@sha1:…` */
  readonly revision: string;
  /** Runs that wait until the archive can be asked about them. */
  readonly held?: HeldRuns;
}

export function planOptions(view: ClusterView, { sync, revision, held }: PlanSubject): PlanOptions {
  const { uid, name, namespace = "" } = sync.metadata;
  return {
    self: { uid, name, namespace, exists: (other) => view.syncExists(other) },
    revision,
    prune: sync.spec.prune,
    runs: sync.spec.runs === "Ignore" ? "Ignore" : "Create",
    namespace: (wanted) => view.namespace(wanted),
    ...(held ? { held } : {}),
  };
}

/** Objects and entries that a cache cannot answer for. An object that is simply new is not among them. */
function doubtfulKeys(view: ClusterView, inventory: Inventory, plan: Plan): Set<string> {
  const applies = plan.applies.map(({ object }) => object).filter(({ kind, key }) => kind === "Run" || inventory.has(key) || view.cached(key) !== undefined);
  const removals = [...plan.endings, ...plan.removals].map(({ entry }) => objectKey(entry));
  return new Set([...applies.map(({ key }) => key), ...removals, ...plan.gone]);
}

/** The plan for these keys alone, over fresh reads. */
async function plannedFresh(view: ClusterView, checked: CheckResult, inventory: Inventory, keys: ReadonlySet<string>, options: PlanOptions): Promise<Plan> {
  const fresh = new Map<string, Stored | undefined>();
  await inParallel(keys, PARALLEL_CALLS, async (key) => {
    const [kind = "", namespace = "", name = ""] = key.split("/");
    fresh.set(key, await view.fresh({ kind, namespace, name }));
  });
  const entries = [...keys].flatMap((key) => {
    const entry = inventory.get(key);
    return entry ? [[key, entry] as const] : [];
  });
  // What may be pruned was decided over the whole repository already.
  const part = { ...checked, objects: checked.objects.filter(({ key }) => keys.has(key)), brokenFiles: new Set<string>() };
  return planChanges(part, new Map(entries), fresh, options);
}

/**
 * Plans over the caches, which is cheap and settles nearly everything; then again, over fresh reads, what is not settled, because only these carry the field
 * owners, and because a cache may be a moment behind.
 */
export async function planned(view: ClusterView, checked: CheckResult, inventory: Inventory, subject: PlanSubject): Promise<Plan> {
  const options = planOptions(view, subject);
  const first = planChanges(checked, inventory, { get: (key) => view.cached(key) }, options);
  const keys = doubtfulKeys(view, inventory, first);
  if (keys.size === 0) return first;
  const second = await plannedFresh(view, checked, inventory, keys, options);
  const certain = first.applies.filter(({ object }) => !keys.has(object.key));
  const order = new Map(checked.objects.map(({ key }, index) => [key, index]));
  const isCertain = ({ object }: Problem) => object === undefined || !keys.has(objectKey({ namespace: "", ...object }));
  const place = ({ object }: Plan["applies"][number]) => order.get(object.key) ?? 0;
  return {
    ...second,
    applies: [...certain, ...second.applies].sort((left, right) => place(left) - place(right)),
    deferred: [...first.deferred, ...second.deferred],
    problems: sortProblems([...first.problems.filter(isCertain), ...second.problems]),
    unchanged: first.unchanged + second.unchanged,
  };
}
