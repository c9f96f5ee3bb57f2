import type { KubeObject, ManagedFieldsEntry } from "../../kube/index.ts";

/** The field manager of everything the sync applies. */
export const FIELD_MANAGER = "flyteops";

export interface FieldOwner {
  readonly manager: string;
  readonly time?: string | undefined;
  readonly isOurs: boolean;
}

function holds(fields: unknown, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return true;
  const child = typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>)[`f:${step}`] : undefined;
  return child !== undefined && holds(child, rest);
}

const isOurs = ({ manager, operation }: ManagedFieldsEntry): boolean => manager === FIELD_MANAGER && operation === "Apply";

/** Who owns the field at `path` (keys of maps and structs only), by the object's managedFields. */
export function fieldOwners(object: KubeObject, path: readonly string[]): FieldOwner[] {
  return (object.metadata.managedFields ?? [])
    .filter((entry) => entry.subresource === undefined || entry.subresource === "")
    .filter(({ fieldsV1 }) => holds(fieldsV1, path))
    .map((entry) => ({ manager: entry.manager ?? "unknown", time: entry.time, isOurs: isOurs(entry) }));
}

export function weOwn(object: KubeObject, path: readonly string[]): boolean {
  return fieldOwners(object, path).some((owner) => owner.isOurs);
}
