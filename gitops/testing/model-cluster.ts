import { jsonEqual, type JsonObject } from "../../base/index.ts";
import type { KubeObject, ManagedFieldsEntry, Stored } from "../../kube/index.ts";
import type { CheckResult } from "../check/check-result.ts";
import { FIELD_MANAGER } from "../plan/field-owners.ts";
import type { InventoryEntry } from "../plan/inventory.ts";
import type { Plan } from "../plan/plan.ts";
import type { Removal } from "../plan/plan-prune.ts";
import { objectKey, type RepositoryObject } from "../repository-object.ts";
import { digestJson } from "../../base/index.ts";

/** A valid repository object, as a check would answer it. */
export function repositoryObject(
  kind: string,
  name: string,
  spec: JsonObject,
  more: { annotations?: Record<string, string>; file?: string } = {},
): RepositoryObject {
  const namespace = kind === "Project" ? "" : "ml-development";
  const metadata = { name, ...(namespace ? { namespace } : {}), ...(more.annotations ? { annotations: more.annotations } : {}) };
  const object: KubeObject = { apiVersion: "flyte.org/v1", kind, metadata, spec };
  return {
    key: objectKey({ kind, namespace, name }),
    kind,
    namespace,
    name,
    object,
    file: more.file ?? `${name}.yaml`,
    position: { line: 1, column: 1 },
    references: [],
    digest: digestJson(object),
  };
}

export function checkResult(objects: readonly RepositoryObject[], more: Partial<CheckResult> = {}): CheckResult {
  return { objects, problems: [], held: new Set(), brokenFiles: new Set(), files: new Set(objects.map(({ file }) => file)), ignored: 0, ...more };
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, child]) => [`f:${key}`, fieldsOf(child)]))
    : {};

/** Just enough of an API server to carry out plans: uids, generations, field owners. */
export class ModelCluster {
  readonly objects = new Map<string, Stored>();
  readonly inventory = new Map<string, InventoryEntry>();
  readonly created: string[] = [];
  #next = 1;

  /** Somebody else writes: an object of their own, or fields of ours. */
  write(key: string, change: (object: Stored) => void, manager = "kubectl"): void {
    const [kind = "", namespace = "", name = ""] = key.split("/");
    const object = structuredClone(this.objects.get(key)) ?? this.#fresh(kind, namespace, name);
    const before = structuredClone(object["spec"]) as Record<string, unknown>;
    change(object);
    const after = object["spec"] as Record<string, unknown>;
    const changed = Object.fromEntries(Object.entries(after).filter(([field, value]) => !jsonEqual(value, before[field])));
    if (Object.keys(changed).length > 0) {
      object.metadata.generation = (object.metadata.generation ?? 0) + 1;
      const others = (object.metadata.managedFields ?? []).map((entry) => withoutFields(entry, changed));
      object.metadata.managedFields = [...others, { manager, operation: "Update", time: "2026-01-01T00:00:00Z", fieldsV1: { "f:spec": fieldsOf(changed) } }];
    }
    this.objects.set(key, object);
  }

  #fresh(kind: string, namespace: string, name: string): Stored {
    const metadata = { name, uid: `uid-${this.#next++}`, resourceVersion: "1", generation: 1, ...(namespace ? { namespace } : {}) };
    return { apiVersion: "flyte.org/v1", kind, metadata, spec: {} };
  }

  carryOut(plan: Plan): void {
    for (const removal of [...plan.endings, ...plan.removals]) this.#remove(removal);
    for (const { object, body, entry } of plan.applies) this.#apply(objectKey(object), body, entry);
  }

  #apply(key: string, body: KubeObject, entry: InventoryEntry): void {
    const found = this.objects.get(key);
    if (!found) this.created.push(key);
    const live = structuredClone(found) ?? this.#fresh(body.kind, body.metadata.namespace ?? "", body.metadata.name ?? "");
    const ours = live.metadata.managedFields?.find(({ manager, operation }) => manager === FIELD_MANAGER && operation === "Apply");
    const owned = Object.keys((ours?.fieldsV1?.["f:spec"] ?? {}) as object).map((field) => field.slice(2));
    const wanted = body["spec"] as Record<string, unknown>;
    const before = live["spec"] as Record<string, unknown>;
    const kept = Object.fromEntries(Object.entries(before).filter(([field]) => !owned.includes(field) || field in wanted));
    const spec = { ...kept, ...wanted };
    if (found && !jsonEqual(spec, before)) live.metadata.generation = (live.metadata.generation ?? 0) + 1;
    const others = (live.metadata.managedFields ?? []).filter((each) => each !== ours).map((each) => withoutFields(each, wanted));
    live.metadata = {
      ...live.metadata,
      labels: { ...live.metadata.labels, ...body.metadata.labels },
      annotations: { ...live.metadata.annotations, ...body.metadata.annotations },
      managedFields: [...others, { manager: FIELD_MANAGER, operation: "Apply", fieldsV1: { "f:spec": fieldsOf(wanted) } }],
    };
    live["spec"] = spec;
    this.objects.set(key, live);
    this.inventory.set(key, { ...entry, uid: live.metadata.uid, generation: live.metadata.generation });
  }

  #remove(removal: Removal): void {
    const key = objectKey(removal.entry);
    this.inventory.delete(key);
    if (removal.kind === "delete") this.objects.delete(key);
    const live = this.objects.get(key);
    if (removal.kind === "release" && live) live.metadata.labels = {};
  }
}

function withoutFields(entry: ManagedFieldsEntry, taken: Record<string, unknown>): ManagedFieldsEntry {
  const fields = Object.entries((entry.fieldsV1?.["f:spec"] ?? {}) as object).filter(([field]) => !Object.hasOwn(taken, field.slice(2)));
  return { ...entry, fieldsV1: { "f:spec": Object.fromEntries(fields) } };
}
