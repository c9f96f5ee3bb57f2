import type { KubeObject } from "../../../kube/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { difference, EMPTY, type FieldSet, intersection, isEmpty, setOf, union, without } from "./field-set.ts";
import { identity, type Manager, type Managers, withFields, withoutIdle } from "./managers.ts";
import { type Comparison, compareObjects } from "./walk-fields.ts";

/** Who writes, in which shape, when. */
export interface Write {
  /** Field manager: `fieldManager` of the request, or `defaultManager(userAgent)`. */
  readonly manager: string;
  readonly schema: Structural;
  /** "" for the object itself. */
  readonly subresource: string;
  /** `group/version` of the request's body. */
  readonly apiVersion: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Paths whose ownership this endpoint never gives (see `resetPaths`), e.g. `[["status"]]`. */
  readonly reset: readonly (readonly string[])[];
}

const path = (...names: readonly string[]): string[] => names.map((name) => `f:${name}`);

/** What nobody owns, because the server decides it or it names the object. */
const UNOWNED: FieldSet = setOf(
  path("apiVersion"),
  path("kind"),
  path("metadata"),
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"].map((name) =>
    path("metadata", name),
  ),
);

/** What this endpoint lets nobody own. */
export function resetSet(write: Write): FieldSet {
  return setOf(...write.reset.map((names) => path(...names)));
}

/** The entry of the one who writes. */
export function writerOf(write: Write, operation: "Apply" | "Update"): Manager {
  const manager = write.manager === "" ? "unknown" : write.manager;
  return { manager, operation, apiVersion: write.apiVersion, subresource: write.subresource, time: undefined, fields: EMPTY };
}

export function comparison(write: Write, type: Structural, before: unknown, after: unknown): Comparison {
  const reset = resetSet(write);
  const { removed, modified, added } = compareObjects(type, before, after);
  return { removed: without(removed, reset), modified: without(modified, reset), added: without(added, reset) };
}

/** What each other manager owns of what was changed or added. */
export function conflictsOf(managers: Managers, writer: string, changes: Comparison): Map<string, FieldSet> {
  const changed = union(changes.modified, changes.added);
  const conflicts = new Map<string, FieldSet>();
  for (const [id, manager] of managers) {
    const taken = id === writer ? EMPTY : intersection(manager.fields, changed);
    if (!isEmpty(taken)) conflicts.set(id, taken);
  }
  return conflicts;
}

/** The others lose what was taken from them and what is no longer there; who is left with nothing goes. */
export function takeFrom(managers: Managers, writer: string, changes: Comparison, conflicts: ReadonlyMap<string, FieldSet>): Managers {
  const left = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    if (id === writer) left.set(id, manager);
    else left.set(id, withFields(manager, difference(difference(manager.fields, conflicts.get(id) ?? EMPTY), changes.removed)));
  }
  return withoutIdle(left);
}

/** Without what nobody owns. */
export function ownable(fields: FieldSet): FieldSet {
  return difference(fields, UNOWNED);
}

export function metadataOf(object: KubeObject | undefined): Record<string, unknown> {
  return (object?.metadata ?? {}) as Record<string, unknown>;
}

/** The object with these managers in place of whatever it carries. */
export function withManagedFields<T extends KubeObject>(object: T, entries: readonly unknown[] | undefined): T {
  const { managedFields: _managedFields, ...metadata } = metadataOf(object);
  return { ...object, metadata: entries === undefined ? metadata : { ...metadata, managedFields: entries } };
}

export { identity };
