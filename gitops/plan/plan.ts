import { allKinds } from "../../crds/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { CheckResult } from "../check/check-result.ts";
import { type Problem, sortProblems } from "../problem.ts";
import { objectKey, type RepositoryObject } from "../repository-object.ts";
import type { Inventory, InventoryEntry } from "./inventory.ts";
import { type Apply, type PlanContext, planObject } from "./plan-object.ts";
import { departed, planRemoval, type Removal } from "./plan-prune.ts";

/** Live objects by `objectKey`. */
export interface LiveObjects {
  get(key: string): Stored | undefined;
}

export type NamespaceState = "ready" | "absent" | "terminating";

export interface PlanOptions extends PlanContext {
  readonly prune: boolean;
  /** Ignore leaves Runs of the repository alone. */
  readonly runs: "Create" | "Ignore";
  namespace(name: string): NamespaceState;
  /** Objects, by key, that are not to be made yet, with what they wait for. */
  readonly held?: ReadonlyMap<string, string>;
}

/** Everything to do, in order: `endings` of Runs first, then `applies`, then `removals`. */
export interface Plan {
  /** Runs that end or are let go before what they name. */
  readonly endings: readonly Removal[];
  readonly applies: readonly Apply[];
  /** The rest of what left the repository, last applied first. */
  readonly removals: readonly Removal[];
  /** Waiting for a namespace or for a deletion to finish. */
  readonly deferred: readonly { readonly object: RepositoryObject; readonly reason: string }[];
  /** Keys of Runs that have been run and are gone: information, not failure. */
  readonly gone: readonly string[];
  readonly problems: readonly Problem[];
  readonly unchanged: number;
}

const RANK: ReadonlyMap<string, number> = new Map(allKinds.map(({ kind }, index) => [kind, index]));

function lastFirst(left: InventoryEntry, right: InventoryEntry): number {
  return (RANK.get(right.kind) ?? 0) - (RANK.get(left.kind) ?? 0) || (objectKey(left) < objectKey(right) ? -1 : 1);
}

function waitsFor(object: RepositoryObject, options: PlanOptions): string | undefined {
  const held = options.held?.get(object.key);
  if (held !== undefined) return held;
  if (object.namespace === "") return undefined;
  const state = options.namespace(object.namespace);
  if (state === "ready") return undefined;
  return state === "absent" ? `namespace ${object.namespace} is not ready; a Project makes it` : `namespace ${object.namespace} is being deleted`;
}

/**
 * Pure: what brings the cluster from `live` to the repository. `live` answers for every key of the repository and of the inventory; objects that are not
 * settled must carry their managedFields.
 */
export function planChanges(checked: CheckResult, inventory: Inventory, live: LiveObjects, options: PlanOptions): Plan {
  const plan = { applies: [] as Apply[], deferred: [] as Plan["deferred"][number][], gone: [] as string[], problems: [] as Problem[], unchanged: 0 };
  for (const object of checked.objects) {
    if (object.kind === "Run" && options.runs === "Ignore") continue;
    place(plan, object, inventory, live, options);
  }
  const entries = departed(inventory, checked).sort(lastFirst);
  const removals = entries.flatMap((entry) => planRemoval(entry, live.get(objectKey(entry)), options.self, options.prune) ?? []);
  return {
    ...plan,
    problems: sortProblems(plan.problems),
    endings: removals.filter(({ entry }) => entry.kind === "Run"),
    removals: removals.filter(({ entry }) => entry.kind !== "Run"),
  };
}

type Draft = { applies: Apply[]; deferred: Plan["deferred"][number][]; gone: string[]; problems: Problem[]; unchanged: number };

function place(plan: Draft, object: RepositoryObject, inventory: Inventory, live: LiveObjects, options: PlanOptions): void {
  const { key } = object;
  const step = planObject(object, inventory.get(key), live.get(key), options);
  switch (step.kind) {
    case "unchanged":
      plan.unchanged += 1;
      return;
    case "refused":
      plan.problems.push(...step.problems);
      return;
    case "gone":
      plan.gone.push(key);
      return;
    case "later":
      plan.deferred.push({ object, reason: step.reason });
      return;
    case "apply": {
      const reason = waitsFor(object, options);
      plan.problems.push(...step.problems);
      if (reason === undefined) plan.applies.push(step);
      else plan.deferred.push({ object, reason });
    }
  }
}
