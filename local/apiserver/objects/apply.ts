import { type Fields, isFields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { typedProblem } from "./check-typed.ts";
import { difference, EMPTY, type FieldSet, forEachPath, has, intersection, isEmpty, union, without } from "./field-set.ts";
import { resourceType } from "./field-type.ts";
import { pathText } from "./fields-v1.ts";
import { fieldsOfLastApplied, refreshLastApplied } from "./last-applied.ts";
import { decodeManagers, encodeManagers, identity, type Manager, type Managers, timeOf, withFields } from "./managers.ts";
import { mergeObjects } from "./merge-fields.ts";
import { comparison, conflictsOf, metadataOf, ownable, resetSet, takeFrom, withManagedFields, type Write, writerOf } from "./own.ts";
import { creditUpdate } from "./track-update.ts";
import { fieldsOf, removeFields, withNamedParents } from "./walk-fields.ts";

/** One field another manager owns, as it stands in `details.causes` of a 409. */
export interface Conflict {
  /** `conflict with "kubectl" using apps/v1` */
  readonly message: string;
  /** `.spec.replicas` */
  readonly field: string;
}

export type ApplyResult =
  | { readonly kind: "applied"; readonly object: KubeObject }
  | { readonly kind: "conflicts"; readonly conflicts: readonly Conflict[]; readonly message: string }
  | { readonly kind: "invalid"; readonly status: 400 | 500; readonly message: string };

export type Apply = Write & { readonly force: boolean };

const BEFORE_FIRST_APPLY = "before-first-apply";

interface Merged {
  readonly object: Fields;
  readonly managers: Managers;
}

/** What was written before anybody applied belongs to nobody in particular, but it does belong to someone. */
function managersOf(live: KubeObject, stored: Managers, apply: Apply): Managers {
  if (stored.size > 0) return stored;
  const { apiVersion, kind } = live;
  const before = { ...writerOf(apply, "Update"), manager: BEFORE_FIRST_APPLY };
  return creditUpdate(stored, { apiVersion, kind }, withManagedFields(live, undefined), apply, before);
}

/** Drops from the merge what this manager applied last time and not now, unless somebody else (or nobody) put it there. */
function pruneAbandoned(type: Structural, merged: Fields, last: FieldSet, managers: Managers): Fields {
  if (isEmpty(last)) return merged;
  const owned = withNamedParents(
    type,
    [...managers.values()].reduce((all, manager) => union(all, manager.fields), EMPTY),
  );
  const mergedSet = withNamedParents(type, fieldsOf(type, merged));
  const keptSet = (object: Fields) => withNamedParents(type, fieldsOf(type, object));
  const lastNamed = withNamedParents(type, last);
  const pruned = (removeFields(type, merged, lastNamed) ?? {}) as Fields;
  const withOwned = (removeFields(type, merged, difference(mergedSet, union(keptSet(pruned), owned))) ?? {}) as Fields;
  return (removeFields(type, merged, intersection(difference(mergedSet, keptSet(withOwned)), lastNamed)) ?? {}) as Fields;
}

function merge(live: KubeObject, applied: KubeObject, stored: Managers, apply: Apply): Merged {
  const type = resourceType(apply.schema);
  const writer = writerOf(apply, "Apply");
  const id = identity(writer);
  const last = stored.get(id);
  const fields = without(fieldsOf(type, applied), resetSet(apply));
  const managers = new Map<string, Manager>([...stored, [id, { ...writer, time: last?.time, fields }]]);
  const merged = mergeObjects(type, withManagedFields(live, undefined), applied);
  return { object: pruneAbandoned(type, merged, last?.fields ?? EMPTY, managers), managers };
}

function managerText(manager: Manager): string {
  const name = JSON.stringify(manager.manager) + (manager.subresource === "" ? "" : ` with subresource ${JSON.stringify(manager.subresource)}`);
  return manager.operation === "Update" ? `${name} using ${manager.apiVersion}` : name;
}

interface Taken {
  readonly manager: string;
  readonly path: readonly string[];
}

function takenPaths(conflicts: ReadonlyMap<string, FieldSet>, managers: Managers): Taken[] {
  const taken: Taken[] = [];
  for (const [id, fields] of conflicts) {
    const manager = managers.get(id);
    if (manager) forEachPath(fields, (path) => taken.push({ manager: managerText(manager), path }));
  }
  return taken;
}

function conflictMessage(taken: readonly Taken[]): string {
  const [first] = taken;
  if (taken.length === 1 && first) return `Apply failed with 1 conflict: conflict with ${first.manager}: ${pathText(first.path)}`;
  const lines: string[] = [];
  for (const manager of [...new Set(taken.map((one) => one.manager))].sort()) {
    lines.push(`conflicts with ${manager}:`);
    for (const one of taken) if (one.manager === manager) lines.push(`- ${pathText(one.path)}`);
  }
  return `Apply failed with ${taken.length} conflicts: ${lines.join("\n")}`;
}

function refusal(taken: readonly Taken[]): ApplyResult {
  const conflicts = taken.map((one) => ({ message: `conflict with ${one.manager}`, field: pathText(one.path) }));
  return { kind: "conflicts", conflicts, message: conflictMessage(taken) };
}

/** kubectl may take over what its own client-side apply wrote. */
function remaining(taken: readonly Taken[], live: KubeObject, apply: Apply): readonly Taken[] {
  const allowed = taken.length > 0 && apply.manager === "kubectl" ? fieldsOfLastApplied(live, apply) : undefined;
  return allowed ? taken.filter((one) => !has(allowed, one.path)) : taken;
}

const isBlank = (value: unknown): boolean => value === null || (typeof value === "object" && Object.keys(value).length === 0);

/** Metadata is written back through its own type, in which nothing empty remains. */
function withoutBlankMetadata(object: Fields): Fields {
  const metadata = Object.entries(isFields(object["metadata"]) ? object["metadata"] : {});
  return metadata.some(([, value]) => isBlank(value)) ? { ...object, metadata: Object.fromEntries(metadata.filter(([, value]) => !isBlank(value))) } : object;
}

function finish(live: KubeObject, applied: KubeObject, result: Merged, managers: Managers, apply: Apply): KubeObject {
  const id = identity(writerOf(apply, "Apply"));
  const before = withManagedFields(live, undefined);
  const changed = !jsonEqual(before, result.object);
  const own = managers.get(id);
  const settled = new Map(managers);
  if (own) {
    const fields = ownable(own.fields);
    if (isEmpty(fields)) settled.delete(id);
    else settled.set(id, withFields(changed ? { ...own, time: timeOf(apply.now) } : own, fields));
  }
  const object = withManagedFields((changed ? withoutBlankMetadata(result.object) : before) as KubeObject, encodeManagers(settled));
  return apply.manager === "kubectl" ? refreshLastApplied(object, applied) : object;
}

function problemOf(applied: KubeObject, apply: Apply): ApplyResult | undefined {
  if (metadataOf(applied)["managedFields"] !== undefined && metadataOf(applied)["managedFields"] !== null) {
    return { kind: "invalid", status: 400, message: "metadata.managedFields must be nil" };
  }
  if (applied.apiVersion !== apply.apiVersion) {
    const message = `Incorrect version specified in apply patch. Specified patch version: ${applied.apiVersion}, expected: ${apply.apiVersion}`;
    return { kind: "invalid", status: 400, message };
  }
  const problem = typedProblem(resourceType(apply.schema), applied);
  if (problem === undefined) return undefined;
  const { name = "", namespace = "" } = applied.metadata;
  const kind = `${apply.apiVersion.includes("/") ? "" : "/"}${apply.apiVersion}, Kind=${applied.kind}`;
  return { kind: "invalid", status: 500, message: `failed to create typed patch object (${namespace}/${name}; ${kind}): ${problem}` };
}

/**
 * Server-side apply of `applied` onto `live` (undefined: create). The object is the merge with its managedFields, not yet
 * defaulted or validated; pass it through `keepTimes` after defaulting, so that an apply that changes nothing is no write.
 */
export function applyPatch(live: KubeObject | undefined, applied: KubeObject, apply: Apply): ApplyResult {
  const problem = problemOf(applied, apply);
  if (problem) return problem;
  const { apiVersion, kind } = applied;
  const base: KubeObject = live ?? { apiVersion, kind, metadata: {} };
  const decoded = decodeManagers(metadataOf(base)["managedFields"]);
  if (!decoded) return { kind: "invalid", status: 500, message: "failed to decode managed fields: invalid entry" };
  const stored = live ? managersOf(live, decoded, apply) : decoded;
  const result = merge(base, applied, stored, apply);
  const id = identity(writerOf(apply, "Apply"));
  const changes = comparison(apply, resourceType(apply.schema), withManagedFields(base, undefined), result.object);
  const conflicts = conflictsOf(result.managers, id, changes);
  const taken = apply.force ? [] : remaining(takenPaths(conflicts, result.managers), base, apply);
  if (taken.length > 0) return refusal(taken);
  return { kind: "applied", object: finish(base, applied, result, takeFrom(result.managers, id, changes, conflicts), apply) };
}
