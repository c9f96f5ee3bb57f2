import { rfc3339 } from "../../../base/index.ts";
import type { Clock } from "../../../base/index.ts";
import type { Condition, KubeObject } from "../../../kube/index.ts";
import { CLEANUP_FINALIZER, type Definition, type DefinitionNames } from "./definition.ts";

/** What deciding about names needs: the time and everything defined already. */
export interface DefinitionWorld {
  readonly clock: Clock;
  readonly kinds: { definitions(): readonly Definition[] };
}

function condition(type: string, status: Condition["status"], reason: string, message: string, now: string, before: readonly Condition[]): Condition {
  const had = before.find((one) => one.type === type);
  const lastTransitionTime = had?.status === status ? had.lastTransitionTime : now;
  return { type, status, lastTransitionTime, reason, message };
}

interface Taken {
  readonly names: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** Every name and kind of the group that another definition uses. */
function takenNames(world: DefinitionWorld, definition: Definition): Taken {
  const others = world.kinds.definitions().filter((other) => other.metadata.name !== definition.metadata.name && other.spec.group === definition.spec.group);
  const accepted = others.map((other) => other.status?.acceptedNames).filter((names) => names !== undefined);
  return {
    names: new Set(accepted.flatMap((names) => [names.plural, names.singular ?? "", ...(names.shortNames ?? [])]).filter((name) => name !== "")),
    kinds: new Set(accepted.flatMap((names) => [names.kind, names.listKind ?? ""]).filter((name) => name !== "")),
  };
}

/** The first conflict, in the words of the real server; undefined when all names are free. */
function nameConflict(names: DefinitionNames, taken: Taken): { reason: string; message: string } | undefined {
  const used = (name: string) => `${JSON.stringify(name)} is already in use`;
  if (taken.names.has(names.plural)) return { reason: "PluralConflict", message: used(names.plural) };
  if (names.singular && taken.names.has(names.singular)) return { reason: "SingularConflict", message: used(names.singular) };
  const short = names.shortNames?.filter((name) => taken.names.has(name)) ?? [];
  if (short.length > 0) return { reason: "ShortNamesConflict", message: short.map(used).join(", ") };
  if (taken.kinds.has(names.kind)) return { reason: "KindConflict", message: used(names.kind) };
  if (names.listKind && taken.kinds.has(names.listKind)) return { reason: "ListKindConflict", message: used(names.listKind) };
  return undefined;
}

function acceptedConditions(before: readonly Condition[], conflict: { reason: string; message: string } | undefined, now: string): Condition[] {
  if (!conflict) {
    return [
      condition("NamesAccepted", "True", "NoConflicts", "no conflicts found", now, before),
      condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now, before),
    ];
  }
  const established = before.find((one) => one.type === "Established" && one.status === "True");
  return [
    condition("NamesAccepted", "False", conflict.reason, conflict.message, now, before),
    established ?? condition("Established", "False", "NotAccepted", "not all names are accepted", now, before),
  ];
}

/** Names that the author left out, as defaulting gives them. */
function fillNames(definition: Definition): void {
  const { names } = definition.spec;
  names.singular ||= names.kind.toLowerCase();
  names.listKind ||= `${names.kind}List`;
  definition.spec.conversion ??= { strategy: "None" };
}

function isDefinition(object: KubeObject): object is Definition {
  const spec = object["spec"] as Partial<Definition["spec"]> | undefined;
  return typeof spec?.names?.kind === "string" && typeof spec.names.plural === "string" && Array.isArray(spec.versions);
}

function storedVersions(definition: Definition, live: Definition | undefined): string[] {
  const storage = definition.spec.versions.find((version) => version.storage)?.name;
  const before = live?.status?.storedVersions ?? [];
  return storage === undefined || before.includes(storage) ? before : [...before, storage];
}

/**
 * What the server decides about a definition when it is written, in place: names left out, which are accepted, stored
 * versions, the finalizer that holds it until its objects are gone. Serving follows from the conditions, so a definition
 * is served by the same commit that stores it.
 */
export function prepareDefinition(world: DefinitionWorld, object: KubeObject, live: KubeObject | undefined): void {
  if (!isDefinition(object)) return;
  const before = live as Definition | undefined;
  fillNames(object);
  const conflict = nameConflict(object.spec.names, takenNames(world, object));
  const conditions = before?.status?.conditions ?? [];
  const others = conditions.filter(({ type }) => type !== "NamesAccepted" && type !== "Established");
  object.status = {
    ...before?.status,
    conditions: [...acceptedConditions(conditions, conflict, rfc3339(world.clock.now())), ...others],
    acceptedNames: conflict ? (before?.status?.acceptedNames ?? { plural: "", kind: "" }) : { ...object.spec.names },
    storedVersions: storedVersions(object, before),
  };
  if (!live) object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), CLEANUP_FINALIZER])];
}

/** A definition on its way out refuses new objects. */
export function terminatingDefinition(world: DefinitionWorld, object: KubeObject): KubeObject {
  const definition = object as Definition;
  const conditions = (definition.status?.conditions ?? []).filter((one) => one.type !== "Terminating");
  const terminating = condition("Terminating", "True", "InstanceDeletionPending", "CustomResource deletion is pending", rfc3339(world.clock.now()), conditions);
  return { ...definition, status: { ...definition.status, conditions: [...conditions, terminating] } };
}
