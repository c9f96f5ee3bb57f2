import { rfc3339 } from "../../../base/index.ts";
import type { ManagedFieldsEntry } from "../../../kube/index.ts";
import { type FieldSet, isEmpty, union } from "./field-set.ts";
import { decodeFields, encodeFields } from "./fields-v1.ts";

/** Someone who wrote to an object: name, operation, version (of updates only) and subresource tell two apart. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; undefined when nothing was ever changed by it. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** By identity. */
export type Managers = ReadonlyMap<string, Manager>;

const MAX_UPDATERS = 10;
const ANCIENT = "ancient-changes";

export function identity(manager: Pick<Manager, "manager" | "operation" | "apiVersion" | "subresource">): string {
  return JSON.stringify([manager.manager, manager.operation, manager.operation === "Update" ? manager.apiVersion : "", manager.subresource]);
}

function decodeEntry(entry: ManagedFieldsEntry): Manager | undefined {
  const fields = decodeFields(entry.fieldsV1);
  const { operation, apiVersion } = entry;
  if (!fields || (operation !== "Apply" && operation !== "Update") || !apiVersion || entry.fieldsType !== "FieldsV1") return undefined;
  return { manager: entry.manager ?? "", operation, apiVersion, subresource: entry.subresource ?? "", time: entry.time ?? undefined, fields };
}

/** Undefined when an entry is not well formed: then all of them mean nothing. */
export function decodeManagers(entries: unknown): Managers | undefined {
  const managers = new Map<string, Manager>();
  if (entries === undefined || entries === null) return managers;
  if (!Array.isArray(entries)) return undefined;
  for (const entry of entries as readonly unknown[]) {
    const manager = typeof entry === "object" && entry !== null ? decodeEntry(entry) : undefined;
    if (!manager) return undefined;
    managers.set(identity(manager), manager);
  }
  return managers;
}

/** `[]` and `[{}]` are how a writer asks to forget every manager. */
export function asksForReset(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false;
  const [first] = entries as readonly unknown[];
  return entries.length === 0 || (entries.length === 1 && typeof first === "object" && first !== null && Object.keys(first).length === 0);
}

const seconds = (manager: Manager): number => (manager.time === undefined ? 0 : Math.floor(Date.parse(manager.time) / 1_000));

function order(left: Manager, right: Manager): number {
  if (left.operation !== right.operation) return left.operation < right.operation ? -1 : 1;
  if (seconds(left) !== seconds(right)) return seconds(left) - seconds(right);
  for (const key of ["manager", "apiVersion", "subresource"] as const) if (left[key] !== right[key]) return left[key] < right[key] ? -1 : 1;
  return 0;
}

function encodeEntry(manager: Manager): ManagedFieldsEntry {
  return {
    ...(manager.manager === "" ? {} : { manager: manager.manager }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: "FieldsV1",
    fieldsV1: encodeFields(manager.fields),
    ...(manager.subresource === "" ? {} : { subresource: manager.subresource }),
  };
}

/** Appliers first, then by time. Undefined when nobody owns anything. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  return managers.size === 0 ? undefined : [...managers.values()].sort(order).map(encodeEntry);
}

export function withFields(manager: Manager, fields: FieldSet): Manager {
  return { ...manager, fields };
}

export function withoutIdle(managers: Managers): Managers {
  return new Map([...managers].filter(([, manager]) => !isEmpty(manager.fields)));
}

export function timeOf(now: number): string {
  return rfc3339(now);
}

/** Folds the oldest updaters of a version into one entry when there are more than ten. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers.values()].filter((manager) => manager.operation === "Update");
  if (updaters.length <= MAX_UPDATERS) return managers;
  const oldest = updaters.sort((left, right) => seconds(left) - seconds(right) || (identity(left) < identity(right) ? -1 : 1));
  const capped = new Map(managers);
  const firstOf = new Map<string, Manager>();
  let count = oldest.length;
  for (const manager of oldest) {
    if (count <= MAX_UPDATERS) break;
    const first = firstOf.get(manager.apiVersion);
    if (!first) {
      firstOf.set(manager.apiVersion, manager);
      continue;
    }
    const bucket: Manager = { ...manager, manager: ANCIENT, operation: "Update", subresource: "" };
    const already = capped.get(identity(bucket)) ?? first;
    if (!capped.has(identity(bucket))) capped.delete(identity(first));
    capped.delete(identity(manager));
    capped.set(identity(bucket), withFields(bucket, union(manager.fields, already.fields)));
    count--;
  }
  return capped;
}
