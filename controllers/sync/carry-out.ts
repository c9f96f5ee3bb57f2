import { inParallel, LABEL, messageOf } from "../../base/index.ts";
import type { GitSync } from "../../crds/index.ts";
import {
  type Apply,
  FIELD_MANAGER,
  type InventoryEntry,
  objectKey,
  type Plan,
  type Problem,
  type ReferenceStore,
  type Removal,
  type RepositoryTree,
  withReferences,
} from "../../gitops/index.ts";
import { ApiError, ignoreNotFound, type ObjectClient, type Stored } from "../../kube/index.ts";
import { type ClusterView, kindNamed, PARALLEL_CALLS } from "./cluster-view.ts";
import { compiledDigest } from "./compiled-target.ts";
import type { InventoryStore } from "./inventory-store.ts";

export interface CarryOutDeps {
  readonly client: ObjectClient;
  readonly view: ClusterView;
  readonly inventories: InventoryStore;
  readonly references: ReferenceStore;
}

export interface CarryOutContext {
  readonly sync: Stored<GitSync>;
  readonly tree: RepositoryTree;
  readonly impersonate: { readonly user: string };
  readonly signal: AbortSignal;
}

/** What became of a plan. */
export interface Outcome {
  /** Objects whose stored form is another one now. */
  readonly changed: number;
  readonly pruned: number;
  readonly failed: number;
  /** Failures of single objects, at their place in the repository. */
  readonly problems: readonly Problem[];
  /** True when a failure may pass by itself. */
  readonly retry: boolean;
  /** Runs that wait for what they run to be compiled. */
  readonly waiting: readonly string[];
}

interface Tally {
  changed: number;
  pruned: number;
  failed: number;
  retry: boolean;
  readonly problems: Problem[];
  readonly waiting: string[];
  readonly record: Map<string, InventoryEntry | undefined>;
}

/**
 * Carries out a plan in crash order: the inventory first names everything that is about to be made, then the objects are written, then
 * the inventory says what they are. Failures of single objects are collected; the rest goes on.
 */
export async function carryOut(deps: CarryOutDeps, plan: Plan, context: CarryOutContext): Promise<Outcome> {
  const tally: Tally = { changed: 0, pruned: 0, failed: 0, retry: false, problems: [], waiting: [], record: new Map() };
  const inventory = await deps.inventories.load(context.sync);
  const intended = plan.applies.filter(({ entry }) => !inventory.has(objectKey(entry)));
  await deps.inventories.write(
    context.sync,
    new Map(intended.map(({ entry: { kind, namespace, name, source } }) => [objectKey({ kind, namespace, name }), { kind, namespace, name, source }])),
  );
  try {
    await inParallel(plan.endings, PARALLEL_CALLS, (ending) => remove(deps, ending, context, tally));
    for (const group of groupsOf(plan.applies)) await inParallel(group, PARALLEL_CALLS, (apply) => applyOne(deps, apply, context, tally));
    for (const removal of plan.removals) await remove(deps, removal, context, tally);
  } finally {
    await deps.inventories.write(context.sync, tally.record);
  }
  const { record: _, ...outcome } = tally;
  return outcome;
}

/** Neighbours of one kind: the plan is ordered by kind, and what others refer to comes first. */
function groupsOf(applies: readonly Apply[]): Apply[][] {
  const groups: Apply[][] = [];
  for (const apply of applies) {
    const last = groups.at(-1);
    if (last?.[0]?.body.kind === apply.body.kind) last.push(apply);
    else groups.push([apply]);
  }
  return groups;
}

async function applyOne(deps: CarryOutDeps, apply: Apply, context: CarryOutContext, tally: Tally): Promise<void> {
  if (context.signal.aborted) {
    tally.retry = true;
    return;
  }
  try {
    await send(deps, apply, context, tally);
  } catch (thrown) {
    tally.failed += 1;
    tally.retry ||= !(thrown instanceof ApiError) || thrown.retry === "retryable" || thrown.code === 404;
    tally.problems.push(problemOf(apply, thrown));
  }
}

async function send(deps: CarryOutDeps, apply: Apply, context: CarryOutContext, tally: Tally): Promise<void> {
  const { object, entry, body } = apply;
  const startsRun = object.kind === "Run" && apply.resolve;
  const expects = startsRun ? compiledDigest(deps.view, object) : undefined;
  if (expects && "waiting" in expects) {
    tally.waiting.push(expects.waiting);
    return;
  }
  const resolved = apply.resolve ? await Promise.all(object.references.map((reference) => deps.references.resolve(context.tree, reference))) : [];
  const filled = withReferences(body, resolved, entry.revision ?? context.tree.revision);
  if (expects) filled.metadata.annotations = { ...filled.metadata.annotations, ...expects.annotations };
  const before = deps.view.cached(objectKey(object));
  const options = { fieldManager: FIELD_MANAGER, fieldValidation: "Strict", impersonate: context.impersonate } as const;
  if (apply.clear) await clearStray(deps, apply, apply.clear, context);
  const stored = await deps.client.patch(
    kindNamed(object.kind),
    body.metadata as { name: string },
    { type: "apply", body: filled, force: apply.force },
    options,
  );
  if (before?.metadata.resourceVersion !== stored.metadata.resourceVersion) tally.changed += 1;
  tally.record.set(objectKey(object), { ...entry, uid: stored.metadata.uid, generation: stored.metadata.generation });
}

/** The uid keeps this from touching another object of the same name. */
async function clearStray(deps: CarryOutDeps, { body, object }: Apply, spec: NonNullable<Apply["clear"]>, { impersonate }: CarryOutContext): Promise<void> {
  const uid = deps.view.cached(objectKey(object))?.metadata.uid;
  if (uid === undefined) return;
  const patch = { type: "merge", body: { metadata: { uid }, spec } } as const;
  await deps.client.patch(kindNamed(object.kind), body.metadata as { name: string }, patch, { fieldManager: FIELD_MANAGER, impersonate });
}

function problemOf({ object }: Apply, thrown: unknown): Problem {
  const { kind, namespace, name } = object;
  const code = thrown instanceof ApiError ? thrown.reason || "ApplyFailed" : "ApplyFailed";
  const said = { code, message: `${kind} ${name} could not be applied: ${messageOf(thrown)}`, severity: "error", file: object.file } as const;
  return { ...said, ...object.position, object: { kind, name, ...(namespace === "" ? {} : { namespace }) } };
}

async function remove(deps: CarryOutDeps, removal: Removal, context: CarryOutContext, tally: Tally): Promise<void> {
  const key = objectKey(removal.entry);
  try {
    if (removal.kind === "delete") await deleteObject(deps, removal, context);
    if (removal.kind === "release") await releaseRun(deps, removal, context);
    if (removal.kind === "delete") tally.pruned += 1;
    tally.record.set(key, undefined);
  } catch (thrown) {
    tally.failed += 1;
    tally.retry = true;
    const { kind, namespace, name, source = "" } = removal.entry;
    const said = {
      code: "PruneFailed",
      message: `${kind} ${name} left the repository and could not be removed: ${messageOf(thrown)}`,
      severity: "error",
    } as const;
    const [file = "", line = "1"] = source.split(/:(?=[0-9]+$)/);
    tally.problems.push({ ...said, file, line: Number(line), column: 1, object: { kind, name, ...(namespace === "" ? {} : { namespace }) } });
  }
}

const refOf = ({ namespace, name }: InventoryEntry) => ({ name, ...(namespace === "" ? {} : { namespace }) });

async function deleteObject(deps: CarryOutDeps, { entry, uid }: Extract<Removal, { kind: "delete" }>, { impersonate }: CarryOutContext): Promise<void> {
  await deps.client.delete(kindNamed(entry.kind), refOf(entry), { uid, propagation: "Background", impersonate });
}

/** The Run stays and finishes; it is nobody's now. */
async function releaseRun(deps: CarryOutDeps, { entry, uid, abort }: Extract<Removal, { kind: "release" }>, { impersonate }: CarryOutContext): Promise<void> {
  const labels = { [LABEL.sync]: null, [LABEL.syncUid]: null };
  const spec = abort ? { spec: { desiredState: "Aborted", abortReason: "its manifest was removed from the repository" } } : {};
  const body = { metadata: { uid, labels }, ...spec };
  await deps.client.patch(kindNamed(entry.kind), refOf(entry), { type: "merge", body }, { fieldManager: FIELD_MANAGER, impersonate }).catch(ignoreNotFound);
}
