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

interface Verdict {
  readonly accepted: DefinitionNames;
  /** The last conflict, in the words of the real server; undefined when all names are free. */
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

/** Each name is taken on its own: a free one replaces the accepted one, a used one leaves it as it was. */
function judgeNames(names: DefinitionNames, before: DefinitionNames, taken: Taken): Verdict {
  const accepted: DefinitionNames = { ...before };
  let conflict: Verdict["conflict"];
  const used = (name: string) => `${JSON.stringify(name)} is already in use`;
  const clash = (reason: string, message: string): void => void (conflict = { reason, message });
  const consider = (field: "plural" | "singular" | "kind" | "listKind", reason: string, others: ReadonlySet<string>): void => {
    const name = names[field] ?? "";
    if (others.has(name)) clash(reason, used(name));
    else accepted[field] = name;
  };
  consider("plural", "PluralConflict", taken.names);
  consider("singular", "SingularConflict", taken.names);
  const short = names.shortNames?.filter((name) => taken.names.has(name)) ?? [];
  if (short.length > 0) clash("ShortNamesConflict", short.map(used).join(", "));
  else if (names.shortNames) accepted.shortNames = names.shortNames;
  else delete accepted.shortNames;
  consider("kind", "KindConflict", taken.kinds);
  consider("listKind", "ListKindConflict", taken.kinds);
  if (names.categories) accepted.categories = names.categories;
  else delete accepted.categories;
  return { accepted, conflict };
}

function acceptedConditions(before: readonly Condition[], { conflict }: Verdict, now: string): Condition[] {
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
  const verdict = judgeNames(object.spec.names, before?.status?.acceptedNames ?? { plural: "", kind: "" }, takenNames(world, object));
  const conditions = before?.status?.conditions ?? [];
  const others = conditions.filter(({ type }) => type !== "NamesAccepted" && type !== "Established");
  object.status = {
    ...before?.status,
    conditions: [...acceptedConditions(conditions, verdict, rfc3339(world.clock.now())), ...others],
    acceptedNames: verdict.accepted,
    storedVersions: storedVersions(object, before),
  };
  if (!live) object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), CLEANUP_FINALIZER])];
}

/** A definition on its way out refuses new objects. */
export function terminatingDefinition(world: DefinitionWorld, object: KubeObject): KubeObject {
  const definition = object as Definition;
  const conditions = (definition.status?.conditions ?? []).filter((one) => one.type !== "Terminating");
  const message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
  const terminating = condition("Terminating", "True", "InstanceDeletionPending", message, rfc3339(world.clock.now()), conditions);
  return { ...definition, status: { ...definition.status, conditions: [...conditions, terminating] } };
}
